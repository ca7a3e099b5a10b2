//! The `/v1/auth` surface, and `/v2/auth`, on mocks of its use cases.

mod bearer;
mod login;
mod logout;
mod me;
mod password_change;
mod password_forgot;
mod password_reset;
mod register;
mod request_bodies;
mod routing;
mod sessions;
mod validation;
mod verification_codes_send;
mod verification_codes_verify;

use std::net::IpAddr;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::MockAccounts;
use asteroid_kernel::{Contact, Origin, Region};

use crate::harness::{Answer, ask, json};

pub(crate) fn contact(text: &str) -> Contact {
    Contact::parse(text, Region::US).expect("a contact")
}

/// Whether this is the origin of the requests that [`answer`] sends.
pub(crate) fn is_origin(origin: &Origin) -> bool {
    *origin
        == Origin {
            ip: Some(IpAddr::from([203, 0, 113, 9])),
            user_agent: Some("Mozilla/5.0".into()),
            request_id: Some("r-1".into()),
        }
}

pub(crate) async fn answer(accounts: MockAccounts, request: TestRequest) -> Answer {
    let request = request.insert_header(("user-agent", "Mozilla/5.0")).insert_header(("x-request-id", "r-1"));
    ask(accounts, request).await
}

pub(crate) async fn answer_to(accounts: MockAccounts, method: Method, path: &str, body: &str) -> String {
    answer(accounts, json(&method, path, body)).await.to_string()
}
