//! Panics and use cases that do not end.

use std::future::pending;
use std::time::Duration;

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use asteroid_application::mocks::MockAccounts;
use asteroid_application::ports::{
    AuthenticateError, Caller, ChangePassword, ChangePasswordError, CodeRequests, CodeVerifications,
    ForgotPassword, PasswordChanges, PasswordResetRequests, PasswordResets, Profiles, Register,
    RegisterError, Registrations, ResetPassword, ResetPasswordError, ReviewPasswordChange,
    ReviewPasswordChangeError, ReviewedPasswords, SendCodes, SendCodesError, Sessions, SignIn, SignInError,
    SignIns, SignedIn, SignedInUser, VerifyCode, VerifyCodeError,
};
use asteroid_http::{HttpSettings, app};
use asteroid_identity::{Profile, Session};
use asteroid_kernel::{Origin, SessionId, StorageError};
use tokio::time::Instant;

use crate::harness::{BODIES, BODILESS, ask, caller, parts, signed_in_accounts, with_token};

/// Accounts that take six seconds to say whose a token is, and never answer anything else.
pub(crate) struct Stuck;

impl Registrations for Stuck {
    async fn register(&self, _: Register) -> Result<(), RegisterError> {
        pending().await
    }
}

impl CodeRequests for Stuck {
    async fn send_codes(&self, _: SendCodes) -> Result<(), SendCodesError> {
        pending().await
    }
}

impl CodeVerifications for Stuck {
    async fn verify_code(&self, _: VerifyCode) -> Result<SignedIn, VerifyCodeError> {
        pending().await
    }
}

impl SignIns for Stuck {
    async fn sign_in(&self, _: SignIn) -> Result<SignedInUser, SignInError> {
        pending().await
    }
}

impl Sessions for Stuck {
    async fn authenticate(&self, _: String) -> Result<Caller, AuthenticateError> {
        tokio::time::sleep(Duration::from_secs(6)).await;
        Ok(caller())
    }

    async fn sign_out(&self, _: Caller, _: Origin) -> Result<(), StorageError> {
        pending().await
    }

    async fn list_sessions(&self, _: Caller) -> Result<Vec<Session>, StorageError> {
        pending().await
    }

    async fn revoke_session(&self, _: Caller, _: SessionId, _: Origin) -> Result<bool, StorageError> {
        pending().await
    }

    async fn revoke_other_sessions(&self, _: Caller, _: Origin) -> Result<(), StorageError> {
        pending().await
    }
}

impl ReviewedPasswords for Stuck {
    async fn review_password_change(&self, _: ReviewPasswordChange) -> Result<(), ReviewPasswordChangeError> {
        pending().await
    }
}

impl PasswordChanges for Stuck {
    async fn change_password(&self, _: ChangePassword) -> Result<(), ChangePasswordError> {
        pending().await
    }
}

impl PasswordResetRequests for Stuck {
    async fn forgot_password(&self, _: ForgotPassword) -> Result<(), SendCodesError> {
        pending().await
    }
}

impl PasswordResets for Stuck {
    async fn reset_password(&self, _: ResetPassword) -> Result<(), ResetPasswordError> {
        pending().await
    }
}

impl Profiles for Stuck {
    async fn profile(&self, _: Caller) -> Result<Option<Profile>, StorageError> {
        pending().await
    }
}

#[actix_web::test]
async fn use_cases_have_ten_seconds_together() {
    tokio::time::pause();
    let with_body = BODIES.iter().map(|route| route.request(route.body()));
    let bodiless = BODILESS.into_iter().map(|(method, path)| TestRequest::default().method(method).uri(path));
    for request in with_body.chain(bodiless.map(with_token)) {
        let started = Instant::now();
        let answer = ask(Stuck, request).await;
        assert_eq!(started.elapsed().as_secs(), 10);
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("5")));
        insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}"#); }
    }
}

#[actix_web::test]
async fn a_panic_is_one_500_and_the_next_request_is_served() {
    let mut accounts = MockAccounts::new();
    accounts.expect_sign_in().returning(|_| panic!("a bug"));
    accounts.expect_forgot_password().returning(|_| Ok(()));
    let service = init_service(app(&parts(accounts, HttpSettings::default()))).await;
    let request = |end: &str| {
        let route = BODIES.iter().find(|route| route.path.ends_with(end)).expect("a route");
        route.request(route.body()).insert_header(("x-request-id", "r-1")).to_request()
    };

    let response = call_service(&service, request("login")).await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers().get("x-request-id").expect("an id"), "r-1");
    assert_eq!(response.headers().get("cache-control").expect("a value"), "no-store");
    let body = read_body(response).await;
    insta::assert_snapshot!(std::str::from_utf8(&body).expect("UTF-8"), @r#"{"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}"#);
    assert_eq!(call_service(&service, request("forgot")).await.status(), 200);
}

#[actix_web::test]
async fn a_panic_while_the_token_is_looked_up_is_a_500() {
    let mut accounts = MockAccounts::new();
    accounts.expect_authenticate().returning(|_| panic!("no such thing"));
    let answer = ask(accounts, with_token(TestRequest::get().uri("/v1/auth/me"))).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "INTERNAL_ERROR"));
    let mut accounts = signed_in_accounts();
    accounts.expect_list_sessions().returning(|_| panic!("{}", String::from("made at run time")));
    let answer = ask(accounts, with_token(TestRequest::get().uri("/v1/auth/sessions"))).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "INTERNAL_ERROR"));
}
