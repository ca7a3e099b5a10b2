//! `POST /v1/auth/password/forgot`

use actix_web::http::Method;
use asteroid_application::accounts::{ForgotPassword, SendCodesError};
use asteroid_application::mocks::MockAccounts;

use crate::harness::errors::{WAIT, answers_to, busy, country_not_served, failed, unavailable};
use crate::v1::auth::{answer_to, contact, is_origin};

#[actix_web::test]
async fn forgot_password_answers_an_empty_object() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &ForgotPassword| {
        request.contact == contact("george.washington@gmail.com") && is_origin(&request.origin)
    };
    accounts.expect_forgot_password().once().withf(asked).returning(|_| Ok(()));
    let body = r#"{"contact": "george.washington@gmail.com"}"#;
    insta::assert_snapshot!(answer_to(accounts, Method::POST, "/v1/auth/password/forgot", body).await, @r"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {}
    ");
}

#[actix_web::test]
async fn forgot_password_errors_are_answered_by_name_with_rate_limit_fields() {
    let table = answers_to!(
        "/v1/auth/password/forgot",
        expect_forgot_password,
        [
            SendCodesError::TooManyCodes { retry_after: WAIT },
            SendCodesError::CountryNotServed(country_not_served()),
            SendCodesError::Storage(busy()),
            SendCodesError::Storage(unavailable()),
            SendCodesError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    429 [retry-after: 60] [ratelimit: "default";r=0;t=60] {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests. Please try again in 60 s."}}
    422 {"error":{"code":"VALIDATION_ERROR","message":"You have validation errors in your submission","validation_messages":{"phone":[{"message":"Codes are sent to phone numbers of these countries only: US.","code":"country_not_supported"}]}}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    "#);
}
