//! `POST /v1/auth/login`

use std::time::Duration;

use actix_web::http::Method;
use asteroid_application::accounts::{SignIn, SignInError};
use asteroid_application::mocks::MockAccounts;

use crate::harness::errors::{answers_to, busy, failed, hashing_failed, overloaded, unavailable};
use crate::harness::signed_in_user;
use crate::v1::auth::{answer_to, contact, is_origin};

#[actix_web::test]
async fn login_with_a_password_answers_an_access_token() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &SignIn| {
        request.contact == contact("george.washington@example.com")
            && request.password.expose() == "5VphcVNdGhJi"
            && is_origin(&request.origin)
    };
    accounts.expect_sign_in().once().withf(asked).returning(|_| Ok(signed_in_user()));
    let body = r#"{"contact": "george.washington@example.com", "password": "5VphcVNdGhJi"}"#;
    insta::assert_snapshot!(answer_to(accounts, Method::POST, "/v1/auth/login", body).await, @r#"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {"data":{"access_token":"48a4034027374be582b936f7d58043af","expires":"2016-05-03T11:15:54.950Z"}}
    "#);
}

#[actix_web::test]
async fn login_errors_are_answered_by_name_with_rate_limit_fields() {
    let table = answers_to!(
        "/v1/auth/login",
        expect_sign_in,
        [
            SignInError::InvalidCredentials,
            SignInError::TooManyAttempts { retry_after: Duration::ZERO },
            SignInError::Busy { retry_after: Duration::from_secs(1) },
            SignInError::Hashing(overloaded()),
            SignInError::Hashing(hashing_failed()),
            SignInError::Storage(busy()),
            SignInError::Storage(unavailable()),
            SignInError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    401 {"data":{"code":"AUTHENTICATION_FAILED","error":"Invalid Credentials","more":{}}}
    429 [retry-after: 1] [ratelimit: "default";r=0;t=1] {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests. Please try again in 1 s."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 3] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    "#);
}
