//! `PUT /v1/auth/password/reset`

use std::time::Duration;

use actix_web::http::Method;
use asteroid_application::accounts::{ResetPassword, ResetPasswordError};
use asteroid_application::mocks::MockAccounts;
use asteroid_identity::PasswordFlaw;
use asteroid_verification::CodeFormat;

use crate::harness::errors::{answers_to, busy, failed, hashing_failed, overloaded, unavailable};
use crate::v1::auth::{answer_to, contact, is_origin};

#[actix_web::test]
async fn reset_password_with_a_code_answers_an_empty_object() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &ResetPassword| {
        request.contact == contact("george.washington@gmail.com")
            && request.guess.is_well_formed(CodeFormat::Crockford { length: 5 })
            && request.new.expose() == "5VphcVNdGhJi"
            && is_origin(&request.origin)
    };
    accounts.expect_reset_password().once().withf(asked).returning(|_| Ok(()));
    let body = r#"{"contact": "george.washington@gmail.com", "code": "12345", "password": "5VphcVNdGhJi",
        "password_confirmation": "5VphcVNdGhJi"}"#;
    insta::assert_snapshot!(answer_to(accounts, Method::PUT, "/v1/auth/password/reset", body).await, @r"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {}
    ");
}

#[actix_web::test]
async fn reset_password_errors_are_answered_by_name() {
    let table = answers_to!(
        "/v1/auth/password/reset",
        expect_reset_password,
        [
            ResetPasswordError::WeakPassword(vec![PasswordFlaw::HoldsName]),
            ResetPasswordError::InvalidCode,
            ResetPasswordError::TooManyAttempts { retry_after: Duration::from_secs(30) },
            ResetPasswordError::Busy { retry_after: Duration::from_secs(1) },
            ResetPasswordError::Hashing(overloaded()),
            ResetPasswordError::Hashing(hashing_failed()),
            ResetPasswordError::Storage(busy()),
            ResetPasswordError::Storage(unavailable()),
            ResetPasswordError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    422 {"error":{"code":"VALIDATION_ERROR","message":"You have validation errors in your submission","validation_messages":{"password":[{"message":"The password must not contain your name or that of this service.","code":"contains_name"}]}}}
    401 {"data":{"code":"INVALID_CODE","error":"Invalid CODE","more":{}}}
    429 [retry-after: 30] [ratelimit: "default";r=0;t=30] {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests. Please try again in 30 s."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 3] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    "#);
}
