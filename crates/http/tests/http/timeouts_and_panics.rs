//! The handler timeout, and panics.

use std::cell::Cell;
use std::future::pending;
use std::time::Duration;

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use asteroid_application::accounts::*;
use asteroid_application::mocks::MockAccounts;
use asteroid_http::{HttpSettings, app};
use asteroid_identity::{Profile, Session};
use asteroid_kernel::{Origin, SessionId, StorageError};
use tokio::time::Instant;

use crate::harness::{BODIES, ask, caller, parts, signed_in_accounts, with_token};
use crate::openapi::bodiless_requests;

thread_local! {
    /// How many sign-ins of [`Stuck`] ran to their end in this test.
    static ENDED_SIGN_INS: Cell<usize> = const { Cell::new(0) };
}

/// Accounts that take six seconds to check a token and twelve for a sign-in, and never return from any use case but the
/// former.
pub(crate) struct Stuck;

/// Implements ports so that no call of theirs returns, but the check of a token.
macro_rules! stuck {
    ($($port:ident),+) => {
        $(asteroid_application::$port! { stuck, [] })+
    };
    ([] $port:ident {$(
        call $method:ident [] [] ($(, $arg:ident: $type:ty)* $(,)?) [$output:ty]
    )*}) => {
        impl $port for Stuck {$(
            async fn $method(&self $(, $arg: $type)*) -> $output {
                stuck!(@ $method $($arg)*)
            }
        )*}
    };
    (@ authenticate $token:ident) => {{
        let _ = $token;
        tokio::time::sleep(Duration::from_secs(6)).await;
        Ok(caller())
    }};
    (@ sign_in $request:ident) => {{
        let _ = $request;
        tokio::time::sleep(Duration::from_secs(12)).await;
        ENDED_SIGN_INS.set(ENDED_SIGN_INS.get() + 1);
        pending().await
    }};
    (@ $method:ident $($arg:ident)*) => {{
        let _ = ($($arg,)*);
        pending().await
    }};
}

asteroid_application::account_ports! { stuck, [] }

#[actix_web::test]
async fn the_handler_timeout_covers_all_use_cases_of_a_request() {
    tokio::time::pause();
    let with_body = BODIES.iter().map(|route| route.request(route.body()));
    let bodiless = bodiless_requests()
        .into_iter()
        .map(|(method, path)| TestRequest::default().method(method).uri(&path));
    for request in with_body.chain(bodiless.map(with_token)) {
        let started = Instant::now();
        let answer = ask(Stuck, request).await;
        assert_eq!(started.elapsed().as_secs(), 10);
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("5")));
        insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}"#); }
    }
}

#[actix_web::test]
async fn a_sign_in_runs_to_its_end_when_the_client_is_gone_or_the_time_is_up() {
    tokio::time::pause();
    let login = BODIES.iter().find(|route| route.path.ends_with("login")).expect("a route");
    for (sign_in, given_up_after) in [(1, Duration::from_secs(1)), (2, Duration::from_secs(11))] {
        let answer = tokio::time::timeout(given_up_after, ask(Stuck, login.request(login.body()))).await;
        assert_eq!(answer.is_ok(), sign_in == 2, "the first client goes away");
        assert_eq!(ENDED_SIGN_INS.get(), sign_in - 1);
        tokio::time::sleep(Duration::from_secs(12)).await;
        assert_eq!(ENDED_SIGN_INS.get(), sign_in);
    }
}

#[actix_web::test]
async fn a_panic_is_answered_500_and_the_next_request_is_served() {
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
async fn a_panic_while_the_bearer_token_is_checked_is_answered_500() {
    let mut accounts = MockAccounts::new();
    accounts.expect_authenticate().returning(|_| panic!("no such thing"));
    let answer = ask(accounts, with_token(TestRequest::get().uri("/v1/auth/me"))).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "INTERNAL_ERROR"));
    let mut accounts = signed_in_accounts();
    accounts.expect_list_sessions().returning(|_| panic!("{}", String::from("made at run time")));
    let answer = ask(accounts, with_token(TestRequest::get().uri("/v1/auth/sessions"))).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "INTERNAL_ERROR"));
}
