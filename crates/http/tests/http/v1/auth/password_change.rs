//! `PUT /v1/auth/password/change`

use actix_web::http::Method;
use asteroid_application::accounts::{ChangePassword, ChangePasswordError};

use crate::harness::errors::{
    WAIT, answers_to, busy, failed, hashing_failed, overloaded, password_flaws, unavailable,
};
use crate::harness::{caller, json, signed_in_accounts, with_token};
use crate::v1::auth::{answer, is_origin};

#[actix_web::test]
async fn change_password_answers_an_empty_object() {
    let mut accounts = signed_in_accounts();
    let asked = |request: &ChangePassword| {
        request.caller == caller()
            && request.existing.expose() == "oldpassword"
            && request.new.expose() == "newpassword"
            && is_origin(&request.origin)
    };
    accounts.expect_change_password().once().withf(asked).returning(|_| Ok(()));
    let body = r#"{"existing_password": "oldpassword", "new_password": "newpassword",
        "new_password_confirmation": "newpassword"}"#;
    let answer = answer(accounts, with_token(json(&Method::PUT, "/v1/auth/password/change", body))).await;
    insta::assert_snapshot!(answer, @r"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {}
    ");
}

#[actix_web::test]
async fn change_password_errors_are_answered_by_name_with_rate_limit_fields() {
    let table = answers_to!(
        "/v1/auth/password/change",
        expect_change_password,
        [
            ChangePasswordError::WeakPassword(password_flaws()),
            ChangePasswordError::InvalidExistingPassword,
            ChangePasswordError::TooManyAttempts { retry_after: WAIT },
            ChangePasswordError::Busy { retry_after: WAIT },
            ChangePasswordError::Hashing(overloaded()),
            ChangePasswordError::Hashing(hashing_failed()),
            ChangePasswordError::Storage(busy()),
            ChangePasswordError::Storage(unavailable()),
            ChangePasswordError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    422 {"error":{"code":"VALIDATION_ERROR","message":"You have validation errors in your submission","validation_messages":{"new_password":[{"message":"The new password must have at least 8 characters.","code":"too_short"},{"message":"The new password must have at most 64 characters.","code":"too_long"},{"message":"The new password must not be one of those that many people use: choose another.","code":"too_common"},{"message":"The new password must not contain your e-mail address, the part of it before the @, or your phone number.","code":"contains_contact"},{"message":"The new password must not contain your name or that of this service.","code":"contains_name"},{"message":"The new password must be different from the existing password.","code":"same_as_old"}]}}}
    401 {"data":{"code":"INVALID_EXISTING_PASSWORD","error":"Invalid existing password","more":{}}}
    429 [retry-after: 60] [ratelimit: "default";r=0;t=60] {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests. Please try again in 60 s."}}
    503 [retry-after: 60] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 3] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    "#);
}
