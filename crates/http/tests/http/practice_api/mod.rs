//! What the endpoints of the practice API share.

mod access_log;
mod bearer;
mod parameters;
mod request_bodies;
mod routing;
mod terms_gate;

use std::net::IpAddr;

use actix_web::test::TestRequest;
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_application::practice::PracticeProfile;
use asteroid_kernel::Origin;
use mockall::predicate::eq;
use serde_json::Value;

use crate::harness::practice_api::ask;
use crate::harness::{Answer, caller};

/// Whether this is the origin of the requests that [`answer`] sends.
pub(crate) fn is_origin(origin: &Origin) -> bool {
    *origin
        == Origin {
            ip: Some(IpAddr::from([203, 0, 113, 9])),
            user_agent: Some("Mozilla/5.0".into()),
            request_id: Some("r-1".into()),
        }
}

pub(crate) async fn answer(accounts: MockAccounts, practices: MockPractices, request: TestRequest) -> Answer {
    let request = request.insert_header(("user-agent", "Mozilla/5.0")).insert_header(("x-request-id", "r-1"));
    ask(accounts, practices, request).await
}

/// Practices that return this profile of the caller.
pub(crate) fn practices_of(profile: PracticeProfile) -> MockPractices {
    let mut practices = MockPractices::new();
    practices
        .expect_practice_profile()
        .once()
        .with(eq(caller()), eq(None))
        .return_once(|_, _| Ok(Some(profile)));
    practices
}

/// Asserts that an answer is a documented example, with the keys in the same order.
pub(crate) fn assert_is_example(answer: &Answer, example: &str) {
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let example_value: Value = serde_json::from_str(example).expect("JSON");
    assert_eq!(answer.json(), example_value);
    assert_eq!(answer.body, without_white_space(example), "in another order");
}

/// The JSON without white space between its tokens.
pub(crate) fn without_white_space(json: &str) -> String {
    // No string of the API document contains a quotation mark.
    let parts = json.split('"').enumerate();
    let parts =
        parts.map(|(at, part)| if at % 2 == 0 { part.replace([' ', '\n'], "") } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("\"")
}
