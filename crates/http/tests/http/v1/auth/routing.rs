//! Methods and paths.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::MockAccounts;

use crate::harness::{BODIES, ask, signed_in_accounts, with_token};
use crate::openapi::{bodiless_requests, operations, with_ids};

#[actix_web::test]
async fn a_wrong_method_is_answered_405_with_allow() {
    let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let undescribed = ["/openapi.json", "/docs"].map(|path| (Method::GET, path.to_owned()));
    let described = operations().into_iter().map(|(method, path, _)| (method, with_ids(&path)));
    for (method, path) in described.chain(undescribed) {
        let at_path = methods.entry(path).or_default();
        at_path.extend((method == Method::GET).then(|| "HEAD".to_owned()));
        at_path.insert(method.to_string());
    }
    // The practice API has errors of its own form.
    methods.retain(|path, _| !["/users", "/terms", "/clients"].iter().any(|other| path.starts_with(other)));
    for (path, methods) in methods {
        let request = TestRequest::default().method(Method::PATCH).uri(&path);
        let answer = ask(MockAccounts::new(), request).await;
        let allow = answer.header("allow").expect("Allow").to_owned();
        let error = format!(
            r#"{{"error":{{"code":"METHOD_NOT_ALLOWED","message":"This resource answers to {allow} only."}}}}"#
        );
        assert_eq!((answer.status.as_u16(), answer.body), (405, error), "{path}");
        assert_eq!(allow.split(", ").map(str::to_owned).collect::<BTreeSet<_>>(), methods, "{path}");
        let options = TestRequest::default().method(Method::OPTIONS).uri(&path);
        assert_eq!(ask(MockAccounts::new(), options).await.status, 405, "{path}");
    }
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
    for route in BODIES.iter() {
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
