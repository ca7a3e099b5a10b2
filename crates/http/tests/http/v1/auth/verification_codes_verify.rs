//! `POST /v1/auth/verification_codes/verify`

use std::time::Duration;

use actix_web::http::Method;
use asteroid_application::accounts::{VerifyCode, VerifyCodeError};
use asteroid_application::mocks::MockAccounts;
use asteroid_verification::CodeFormat;

use crate::harness::errors::{answers_to, busy, failed, unavailable};
use crate::harness::{json, signed_in};
use crate::v1::auth::{answer, answer_to, contact, is_origin};

#[actix_web::test]
async fn verify_code_answers_an_access_token() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &VerifyCode| {
        request.contact == contact("george.washington@gmail.com")
            && request.guess.is_well_formed(CodeFormat::Crockford { length: 5 })
            && is_origin(&request.origin)
    };
    accounts.expect_verify_code().once().withf(asked).returning(|_| Ok(signed_in()));
    let body = r#"{"contact": "george.washington@gmail.com", "code": "12345"}"#;
    insta::assert_snapshot!(
        answer_to(accounts, Method::POST, "/v1/auth/verification_codes/verify", body).await, @r#"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {"data":{"access_token":"48a4034027374be582b936f7d58043af","expires":"2016-05-03T11:15:54.950Z"}}
    "#
    );
}

#[actix_web::test]
async fn a_code_of_up_to_64_characters_reaches_the_use_case() {
    for code in ["x", "🦀", "not a code at all", &"9".repeat(64)] {
        let mut accounts = MockAccounts::new();
        accounts.expect_verify_code().once().returning(|_| Ok(signed_in()));
        let body = format!(r#"{{"contact": "g@example.com", "code": "{code}"}}"#);
        let request = json(&Method::POST, "/v1/auth/verification_codes/verify", body);
        assert_eq!(answer(accounts, request).await.status, 200, "{code}");
    }
}

#[actix_web::test]
async fn verify_code_errors_are_answered_by_name() {
    let table = answers_to!(
        "/v1/auth/verification_codes/verify",
        expect_verify_code,
        [
            VerifyCodeError::InvalidCode,
            VerifyCodeError::TooManyAttempts { retry_after: Duration::from_secs(30) },
            VerifyCodeError::Busy { retry_after: Duration::from_secs(1) },
            VerifyCodeError::Storage(busy()),
            VerifyCodeError::Storage(unavailable()),
            VerifyCodeError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    401 {"data":{"code":"INVALID_CODE","error":"Invalid CODE","more":{}}}
    429 [retry-after: 30] [ratelimit: "default";r=0;t=30] {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests. Please try again in 30 s."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    "#);
}
