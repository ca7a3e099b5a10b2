//! Methods and paths.

use std::fmt::Write;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::MockAccounts;

use crate::harness::{BODIES, ask, signed_in_accounts, with_token};
use crate::openapi::bodiless_requests;

#[actix_web::test]
async fn a_wrong_method_is_answered_405_with_allow() {
    let mut table = String::new();
    let bodiless = bodiless_requests();
    let paths = BODIES.iter().map(|route| route.path).chain(bodiless.iter().map(|(_, path)| path.as_str()));
    let mut paths: Vec<&str> = paths.chain(["/healthz", "/readyz", "/openapi.json", "/docs"]).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let request = TestRequest::default().method(Method::PATCH).uri(path);
        let answer = ask(MockAccounts::new(), request).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (405, "METHOD_NOT_ALLOWED"));
        writeln!(table, "{path}: {} {}", answer.header("allow").expect("Allow"), answer.body)
            .expect("a string");
        let options = TestRequest::default().method(Method::OPTIONS).uri(path);
        assert_eq!(ask(MockAccounts::new(), options).await.status, 405);
    }
    insta::assert_snapshot!(table, @r#"
    /docs: GET, HEAD {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to GET, HEAD only."}}
    /healthz: GET, HEAD {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to GET, HEAD only."}}
    /openapi.json: GET, HEAD {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to GET, HEAD only."}}
    /readyz: GET, HEAD {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to GET, HEAD only."}}
    /v1/auth/login: POST {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to POST only."}}
    /v1/auth/logout: POST {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to POST only."}}
    /v1/auth/me: GET, HEAD {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to GET, HEAD only."}}
    /v1/auth/password/change: PUT {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to PUT only."}}
    /v1/auth/password/forgot: POST {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to POST only."}}
    /v1/auth/password/reset: PUT {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to PUT only."}}
    /v1/auth/register: POST {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to POST only."}}
    /v1/auth/sessions: GET, HEAD, DELETE {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to GET, HEAD, DELETE only."}}
    /v1/auth/sessions/01540000-0000-7000-8000-000000000002: DELETE {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to DELETE only."}}
    /v1/auth/verification_codes/send: POST {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to POST only."}}
    /v1/auth/verification_codes/verify: POST {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to POST only."}}
    /v2/auth/verification_codes/send: POST {"error":{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to POST only."}}
    "#);
}

#[actix_web::test]
async fn unknown_paths_are_answered_404() {
    for path in [
        "//",
        "/pages",
        "/v1",
        "/v1/",
        "/v1/auth",
        "/v1/auth/",
        "/v1/auth/nowhere",
        "/v2/auth/register",
        "/v1/authx/me",
        "/V1/AUTH/ME",
        "//v1/auth/me",
        "/v1/auth//me",
        "/v1/auth/me//",
        "/v1/auth/%2e%2e/me",
        "/docs/index.html",
        "/docs/../Cargo.toml",
        "/favicon.ico",
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = ask(MockAccounts::new(), TestRequest::default().method(method).uri(path)).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":{"code":"NOT_FOUND","message":"There is nothing here, or nothing that you may see."}}"#); }
        }
    }
}

#[actix_web::test]
async fn a_trailing_slash_is_accepted() {
    for route in BODIES {
        let request = route.request("").uri(&format!("{}/", route.path));
        assert_eq!(ask(signed_in_accounts(), request).await.code(), "VALIDATION_ERROR", "{}", route.path);
    }
    for (method, path) in bodiless_requests() {
        let request = TestRequest::default().method(method).uri(&format!("{path}/"));
        assert_eq!(ask(MockAccounts::new(), request).await.code(), "UNAUTHENTICATED", "{path}");
    }
    for path in ["/healthz/", "/readyz/", "/openapi.json/", "/docs/"] {
        assert_eq!(ask(MockAccounts::new(), TestRequest::get().uri(path)).await.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn head_is_answered_wherever_get_is() {
    for path in ["/healthz", "/readyz", "/openapi.json", "/docs", "/docs/page.css"] {
        let request = TestRequest::default().method(Method::HEAD).uri(path);
        assert_eq!(ask(MockAccounts::new(), request).await.status, 200, "{path}");
    }
    let mut accounts = signed_in_accounts();
    accounts.expect_list_sessions().once().returning(|_| Ok(Vec::new()));
    let request = TestRequest::default().method(Method::HEAD).uri("/v1/auth/sessions");
    assert_eq!(ask(accounts, with_token(request)).await.status, 200);
}
