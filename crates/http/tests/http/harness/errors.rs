//! Errors of use cases, and the answers to them.

use std::fmt::Write;
use std::time::Duration;

use asteroid_application::CountryNotServed;
use asteroid_identity::{HashingError, PasswordFlaw};
use asteroid_kernel::{Region, StorageError};

use crate::harness::{Answer, BODIES, Route};

pub(crate) const WAIT: Duration = Duration::from_millis(59_001);

pub(crate) fn country_not_served() -> CountryNotServed {
    CountryNotServed { served: vec![Region::US] }
}

pub(crate) fn busy() -> StorageError {
    StorageError::Busy
}

pub(crate) fn unavailable() -> StorageError {
    StorageError::Unavailable("connection refused: 10.0.0.7".into())
}

pub(crate) fn failed() -> StorageError {
    StorageError::Failed("no such table: users".into())
}

pub(crate) fn overloaded() -> HashingError {
    HashingError::Overloaded { retry_after: Duration::from_millis(2001) }
}

pub(crate) fn hashing_failed() -> HashingError {
    HashingError::Failed("out of memory".into())
}

pub(crate) fn password_flaws() -> Vec<PasswordFlaw> {
    vec![
        PasswordFlaw::TooShort { min: 8 },
        PasswordFlaw::TooLong { max: 64 },
        PasswordFlaw::TooCommon,
        PasswordFlaw::HoldsContact,
        PasswordFlaw::HoldsName,
        PasswordFlaw::SameAsCurrent,
    ]
}

/// The route with this path.
pub(crate) fn route_at(path: &str) -> &'static Route {
    BODIES.iter().find(|route| route.path == path).expect("a route")
}

/// The status, its header fields and the body, on one line.
pub(crate) fn summary(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut summary = answer.status.as_str().to_owned();
    for name in ["www-authenticate", "retry-after", "ratelimit"] {
        if let Some(value) = answer.header(name) {
            write!(summary, " [{name}: {value}]").expect("a string");
        }
    }
    format!("{summary} {}\n", answer.body)
}

/// The answers to each of these errors of one use case.
macro_rules! answers_to {
    ($path:literal, $expect:ident, [$($error:expr),* $(,)?]) => {{
        let mut table = String::new();
        $(
            let mut accounts = $crate::harness::signed_in_accounts();
            accounts.$expect().once().returning(|_| Err($error));
            let route = $crate::harness::errors::route_at($path);
            let answer = $crate::harness::ask(accounts, route.request(route.body())).await;
            table += &$crate::harness::errors::summary(&answer);
        )*
        table
    }};
}

pub(crate) use answers_to;
