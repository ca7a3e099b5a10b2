//! `POST /v1/auth/register`

use actix_web::http::Method;
use asteroid_application::accounts::{Register, RegisterError};
use asteroid_application::mocks::MockAccounts;
use asteroid_identity::{ContactType, PersonName};

use crate::harness::errors::{
    WAIT, answers_to, busy, country_not_served, failed, hashing_failed, overloaded, password_flaws,
    unavailable,
};
use crate::harness::json;
use crate::v1::auth::{answer, answer_to, contact, is_origin};

#[actix_web::test]
async fn register_starts_a_registration_and_answers_an_empty_object() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &Register| {
        request.name == PersonName::new("george", "washington").expect("a name")
            && request.contact == contact("+15556654345")
            && request.contact_type == ContactType::Personal
            && request.password.expose() == "IWasTheFirstPrez1776"
            && is_origin(&request.origin)
    };
    accounts.expect_register().once().withf(asked).returning(|_| Ok(()));
    // The documented example, with its trailing comma.
    let body = r#"{
  "first_name": "george",
  "last_name": "washington",
  "phone": "555-665-4345",
  "type": "personal",
  "password": "IWasTheFirstPrez1776",
  "password_confirmation": "IWasTheFirstPrez1776",
}"#;
    insta::assert_snapshot!(answer_to(accounts, Method::POST, "/v1/auth/register", body).await, @r"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {}
    ");
}

#[actix_web::test]
async fn register_trims_and_normalises_names_and_ignores_a_null_phone() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &Register| {
        request.name == PersonName::new("Zoë", "O’Neil").expect("a name")
            && request.contact == contact("zoe@example.com")
            && request.contact_type == ContactType::Work
            && request.password.expose() == " 5VphcVNdGhJi "
    };
    accounts.expect_register().once().withf(asked).returning(|_| Ok(()));
    let body = r#"{"first_name": " Zoe\u0308 ", "last_name": "O’Neil", "phone": null, "email": " zoe@example.com",
        "type": "work", "password": " 5VphcVNdGhJi ", "password_confirmation": " 5VphcVNdGhJi ", "admin": true,
        "admin": false}"#;
    assert_eq!(answer(accounts, json(&Method::POST, "/v1/auth/register", body)).await.status, 200);
}

#[actix_web::test]
async fn register_errors_are_answered_by_name_with_rate_limit_fields() {
    let table = answers_to!(
        "/v1/auth/register",
        expect_register,
        [
            RegisterError::WeakPassword(password_flaws()),
            RegisterError::TooManyCodes { retry_after: WAIT },
            RegisterError::CountryNotServed(country_not_served()),
            RegisterError::Hashing(overloaded()),
            RegisterError::Hashing(hashing_failed()),
            RegisterError::Storage(busy()),
            RegisterError::Storage(unavailable()),
            RegisterError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    422 {"error":{"code":"VALIDATION_ERROR","message":"You have validation errors in your submission","validation_messages":{"password":[{"message":"The password must have at least 8 characters.","code":"too_short"},{"message":"The password must have at most 64 characters.","code":"too_long"},{"message":"The password must not be one of those that many people use: choose another.","code":"too_common"},{"message":"The password must not contain your e-mail address, the part of it before the @, or your phone number.","code":"contains_contact"},{"message":"The password must not contain your name or that of this service.","code":"contains_name"},{"message":"The password must be different from the existing password.","code":"same_as_old"}]}}}
    429 [retry-after: 60] [ratelimit: "default";r=0;t=60] {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests. Please try again in 60 s."}}
    422 {"error":{"code":"VALIDATION_ERROR","message":"You have validation errors in your submission","validation_messages":{"phone":[{"message":"Codes are sent to phone numbers of these countries only: US.","code":"country_not_supported"}]}}}
    503 [retry-after: 3] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    "#);
}
