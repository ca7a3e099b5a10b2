//! What each refusal of a use case becomes.

use std::fmt::Write;
use std::time::Duration;

use actix_web::test::TestRequest;
use asteroid_application::mocks::MockAccounts;
use asteroid_application::ports::{
    AuthenticateError, ChangePasswordError, RegisterError, ResetPasswordError, SendCodesError, SignInError,
    VerifyCodeError,
};
use asteroid_identity::{HashingError, PasswordFlaw};
use asteroid_kernel::StorageError;

use crate::harness::{Answer, BODIES, BODILESS, Route, ask, signed_in_accounts, with_token};

const WAIT: Duration = Duration::from_millis(59_001);

fn busy() -> StorageError {
    StorageError::Busy
}

fn unavailable() -> StorageError {
    StorageError::Unavailable("connection refused: 10.0.0.7".into())
}

fn failed() -> StorageError {
    StorageError::Failed("no such table: users".into())
}

fn overloaded() -> HashingError {
    HashingError::Overloaded { retry_after: Duration::from_millis(2001) }
}

fn broken() -> HashingError {
    HashingError::Failed("out of memory".into())
}

fn flaws() -> Vec<PasswordFlaw> {
    vec![
        PasswordFlaw::TooShort { min: 8 },
        PasswordFlaw::TooLong { max: 64 },
        PasswordFlaw::TooCommon,
        PasswordFlaw::HoldsContact,
        PasswordFlaw::HoldsName,
        PasswordFlaw::SameAsCurrent,
    ]
}

fn route(path: &str) -> &'static Route {
    BODIES.iter().find(|route| route.path == path).expect("a route")
}

/// The status, the header fields that belong to it, and the body, on one line.
pub(crate) fn line(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut line = answer.status.as_str().to_owned();
    for name in ["www-authenticate", "retry-after", "ratelimit"] {
        if let Some(value) = answer.header(name) {
            write!(line, " [{name}: {value}]").expect("a string");
        }
    }
    format!("{line} {}\n", answer.body)
}

/// What becomes of each of these errors of one use case.
macro_rules! refusals {
    ($path:literal, $expect:ident, [$($error:expr),* $(,)?]) => {{
        let mut table = String::new();
        $(
            let mut accounts = signed_in_accounts();
            accounts.$expect().once().returning(|_| Err($error));
            let asked = route($path);
            table += &line(&ask(accounts, asked.request(asked.body())).await);
        )*
        table
    }};
}

#[actix_web::test]
async fn of_a_registration() {
    let table = refusals!(
        "/v1/auth/register",
        expect_register,
        [
            RegisterError::WeakPassword(flaws()),
            RegisterError::TooManyCodes { retry_after: WAIT },
            RegisterError::Hashing(overloaded()),
            RegisterError::Hashing(broken()),
            RegisterError::Storage(busy()),
            RegisterError::Storage(unavailable()),
            RegisterError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    422 {"error":{"code":"VALIDATION_ERROR","message":"You have validation errors in your submission","validation_messages":{"password":[{"message":"The password must have at least 8 characters.","code":"too_short"},{"message":"The password must have at most 64 characters.","code":"too_long"},{"message":"The password must not be one of those that many people use: choose another.","code":"too_common"},{"message":"The password must not contain your e-mail address, the part of it before the @, or your phone number.","code":"contains_contact"},{"message":"The password must not contain your name.","code":"contains_name"},{"message":"The password must be different from the existing password.","code":"same_as_old"}]}}}
    429 [retry-after: 60] [ratelimit: "default";r=0;t=60] {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests. Please try again in 60 s."}}
    503 [retry-after: 3] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    "#);
}

#[actix_web::test]
async fn of_a_login() {
    let table = refusals!(
        "/v1/auth/login",
        expect_sign_in,
        [
            SignInError::InvalidCredentials,
            SignInError::TooManyAttempts { retry_after: Duration::ZERO },
            SignInError::Hashing(overloaded()),
            SignInError::Hashing(broken()),
            SignInError::Storage(busy()),
            SignInError::Storage(unavailable()),
            SignInError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    401 {"data":{"code":"AUTHENTICATION_FAILED","error":"Invalid Credentials","more":{}}}
    429 [retry-after: 1] [ratelimit: "default";r=0;t=1] {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests. Please try again in 1 s."}}
    503 [retry-after: 3] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    "#);
}

#[actix_web::test]
async fn of_a_change_of_the_password() {
    let table = refusals!(
        "/v1/auth/password/change",
        expect_change_password,
        [
            ChangePasswordError::WeakPassword(flaws()),
            ChangePasswordError::InvalidExistingPassword,
            ChangePasswordError::TooManyAttempts { retry_after: WAIT },
            ChangePasswordError::Hashing(overloaded()),
            ChangePasswordError::Hashing(broken()),
            ChangePasswordError::Storage(busy()),
            ChangePasswordError::Storage(unavailable()),
            ChangePasswordError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    422 {"error":{"code":"VALIDATION_ERROR","message":"You have validation errors in your submission","validation_messages":{"new_password":[{"message":"The new password must have at least 8 characters.","code":"too_short"},{"message":"The new password must have at most 64 characters.","code":"too_long"},{"message":"The new password must not be one of those that many people use: choose another.","code":"too_common"},{"message":"The new password must not contain your e-mail address, the part of it before the @, or your phone number.","code":"contains_contact"},{"message":"The new password must not contain your name.","code":"contains_name"},{"message":"The new password must be different from the existing password.","code":"same_as_old"}]}}}
    401 {"data":{"code":"INVALID_EXISTING_PASSWORD","error":"Invalid existing password","more":{}}}
    429 [retry-after: 60] [ratelimit: "default";r=0;t=60] {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests. Please try again in 60 s."}}
    503 [retry-after: 3] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    "#);
}

#[actix_web::test]
async fn of_a_forgotten_password() {
    let table = refusals!(
        "/v1/auth/password/forgot",
        expect_forgot_password,
        [
            SendCodesError::TooManyCodes { retry_after: WAIT },
            SendCodesError::Storage(busy()),
            SendCodesError::Storage(unavailable()),
            SendCodesError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    429 [retry-after: 60] [ratelimit: "default";r=0;t=60] {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests. Please try again in 60 s."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    "#);
}

#[actix_web::test]
async fn of_a_reset_of_the_password() {
    let table = refusals!(
        "/v1/auth/password/reset",
        expect_reset_password,
        [
            ResetPasswordError::WeakPassword(vec![PasswordFlaw::HoldsName]),
            ResetPasswordError::InvalidCode,
            ResetPasswordError::Hashing(overloaded()),
            ResetPasswordError::Hashing(broken()),
            ResetPasswordError::Storage(busy()),
            ResetPasswordError::Storage(unavailable()),
            ResetPasswordError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    422 {"error":{"code":"VALIDATION_ERROR","message":"You have validation errors in your submission","validation_messages":{"password":[{"message":"The password must not contain your name.","code":"contains_name"}]}}}
    401 {"data":{"code":"INVALID_CODE","error":"Invalid CODE","more":{}}}
    503 [retry-after: 3] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    "#);
}

#[actix_web::test]
async fn of_codes_to_send() {
    for version in ["/v1/auth/verification_codes/send", "/v2/auth/verification_codes/send"] {
        let mut table = String::new();
        for error in [
            SendCodesError::TooManyCodes { retry_after: WAIT },
            SendCodesError::Storage(busy()),
            SendCodesError::Storage(unavailable()),
            SendCodesError::Storage(failed()),
        ] {
            let mut accounts = MockAccounts::new();
            accounts.expect_send_codes().once().return_once(|_| Err(error));
            table += &line(&ask(accounts, route(version).request(route(version).body())).await);
        }
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r#"
        429 [retry-after: 60] [ratelimit: "default";r=0;t=60] {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests. Please try again in 60 s."}}
        503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
        503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
        500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
        "#); }
    }
}

#[actix_web::test]
async fn of_a_code() {
    let table = refusals!(
        "/v1/auth/verification_codes/verify",
        expect_verify_code,
        [
            VerifyCodeError::InvalidCode,
            VerifyCodeError::Storage(busy()),
            VerifyCodeError::Storage(unavailable()),
            VerifyCodeError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    401 {"data":{"code":"INVALID_CODE","error":"Invalid CODE","more":{}}}
    503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
    500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
    "#);
}

/// Every request that needs a token.
fn requests_with_token() -> impl Iterator<Item = TestRequest> {
    let bodiless = BODILESS.into_iter().map(|(method, path)| TestRequest::default().method(method).uri(path));
    let with_body = BODIES.iter().filter(|route| route.needs_token).map(|route| route.request(route.body()));
    bodiless.map(with_token).chain(with_body)
}

#[actix_web::test]
async fn of_a_token() {
    for request in requests_with_token() {
        let mut accounts = MockAccounts::new();
        accounts.expect_authenticate().once().returning(|_| Err(AuthenticateError::Unauthenticated));
        let refused = line(&ask(accounts, request).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"401 [www-authenticate: Bearer error="invalid_token"] {"data":{"code":"UNAUTHENTICATED","error":"A valid access token is required","more":{}}}"#); }
    }
}

#[actix_web::test]
async fn of_a_store_that_cannot_say_whose_token_it_is() {
    for request in requests_with_token() {
        let mut accounts = MockAccounts::new();
        accounts.expect_authenticate().once().returning(|_| Err(AuthenticateError::Storage(unavailable())));
        let refused = line(&ask(accounts, request).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}"#); }
    }
}

#[actix_web::test]
async fn of_a_store_after_the_token_was_found_good() {
    for (method, path) in BODILESS {
        let mut accounts = signed_in_accounts();
        accounts.expect_profile().returning(|_| Err(failed()));
        accounts.expect_sign_out().returning(|_, _| Err(failed()));
        accounts.expect_list_sessions().returning(|_| Err(failed()));
        accounts.expect_revoke_session().returning(|_, _, _| Err(failed()));
        accounts.expect_revoke_other_sessions().returning(|_, _| Err(failed()));
        let request = with_token(TestRequest::default().method(method).uri(path));
        let refused = line(&ask(accounts, request).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}"#); }
    }
}

#[actix_web::test]
async fn of_a_user_who_is_gone() {
    let mut accounts = signed_in_accounts();
    accounts.expect_profile().once().returning(|_| Ok(None));
    let refused = ask(accounts, with_token(TestRequest::get().uri("/v1/auth/me"))).await;
    insta::assert_snapshot!(line(&refused), @r#"401 [www-authenticate: Bearer error="invalid_token"] {"data":{"code":"UNAUTHENTICATED","error":"A valid access token is required","more":{}}}"#);
}
