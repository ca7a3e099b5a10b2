//! The endpoints for operators.

use std::future::pending;
use std::sync::Arc;

use actix_web::test::TestRequest;
use asteroid_application::mocks::MockAccounts;
use asteroid_http::{HttpSettings, Parts, Readiness};
use asteroid_kernel::StorageError;
use tokio::time::Instant;

use crate::harness::{Answer, ask, ask_parts, parts};

async fn get(path: &str) -> Answer {
    ask(MockAccounts::new(), TestRequest::get().uri(path).insert_header(("x-request-id", "r-1"))).await
}

/// A store that is unavailable.
enum Store {
    Hangs,
    Fails(fn() -> StorageError),
}

impl Readiness for Store {
    async fn check(&self) -> Result<(), StorageError> {
        match self {
            Self::Hangs => pending().await,
            Self::Fails(error) => Err(error()),
        }
    }
}

async fn readyz(store: Store) -> Answer {
    let Parts { accounts, practices, development_outbox, clock, randomness, settings, streams, .. } =
        parts(MockAccounts::new(), HttpSettings::default());
    let readiness = Arc::new(store);
    let parts =
        Parts { accounts, practices, readiness, development_outbox, clock, randomness, settings, streams };
    ask_parts(&parts, TestRequest::get().uri("/readyz")).await
}

#[actix_web::test]
async fn healthz_answers_200() {
    insta::assert_snapshot!(get("/healthz").await, @r#"
    200 OK
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {"status":"ok"}
    "#);
}

#[actix_web::test]
async fn readyz_answers_200_when_the_store_is_available() {
    insta::assert_snapshot!(get("/readyz").await, @r#"
    200 OK
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {"status":"ready"}
    "#);
}

#[actix_web::test]
async fn readyz_answers_503_when_the_store_is_unavailable() {
    let mut bodies = Vec::new();
    for error in [
        || StorageError::Busy,
        || StorageError::Unavailable("10.0.0.7".into()),
        || StorageError::Failed("no such table".into()),
    ] {
        let answer = readyz(Store::Fails(error)).await;
        assert_eq!(answer.status, 503);
        bodies.push(answer.body);
    }
    insta::assert_snapshot!(bodies.join("\n"), @r#"
    {"status":"unavailable","reason":"the store is busy"}
    {"status":"unavailable","reason":"the store is unavailable"}
    {"status":"unavailable","reason":"the store failed"}
    "#);
}

#[actix_web::test]
async fn readyz_answers_503_when_the_store_times_out() {
    tokio::time::pause();
    let started = Instant::now();
    let answer = readyz(Store::Hangs).await;
    assert_eq!((answer.status.as_u16(), started.elapsed().as_secs()), (503, 2));
    insta::assert_snapshot!(answer.body, @r#"{"status":"unavailable","reason":"the store does not answer"}"#);
}

#[actix_web::test]
async fn the_reference_page_loads_nothing_from_other_origins() {
    let page = get("/docs").await;
    insta::assert_snapshot!(page, @r#"
    200 OK
    cache-control: no-cache
    content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
    content-type: text/html; charset=utf-8
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-request-id: r-1

    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>The API – Asteroid</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/docs/swagger-ui.css">
        <link rel="stylesheet" href="/docs/page.css">
      </head>
      <body>
        <p class="back"><a href="/">Asteroid</a></p>
        <main id="reference"></main>
        <noscript>This page needs JavaScript. The description of the API is at <a href="/openapi.json">/openapi.json</a>.</noscript>
        <script src="/docs/swagger-ui-bundle.js"></script>
        <script src="/docs/page.js"></script>
      </body>
    </html>
    "#);
    for part in page.body.split(['"', '>']) {
        assert!(!part.starts_with("http") && !part.starts_with("//"), "{part}");
    }
    for (file, content_type) in [
        ("swagger-ui.css", "text/css; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8"),
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
    ] {
        assert!(page.body.contains(&format!("\"/docs/{file}\"")), "{file}");
        let asset = get(&format!("/docs/{file}")).await;
        assert_eq!(
            (asset.status.as_u16(), asset.header("content-type")),
            (200, Some(content_type)),
            "{file}"
        );
        assert_eq!(asset.header("x-content-type-options"), Some("nosniff"));
        assert!(asset.header("content-security-policy").is_some());
        assert!(!asset.body.is_empty());
    }
}

#[actix_web::test]
async fn the_reference_page_has_no_inline_script_or_style() {
    let page = get("/docs").await.body;
    for script in page.split("<script").skip(1) {
        assert!(script.starts_with(" src=\"/docs/") && script.contains("\"></script>"), "{script}");
    }
    assert!(!page.contains("<style") && !page.contains("style=") && !page.contains("onload"));
}

#[actix_web::test]
async fn only_pages_have_a_content_security_policy() {
    for path in ["/healthz", "/openapi.json", "/v1/auth/me", "/nowhere"] {
        assert_eq!(get(path).await.header("content-security-policy"), None, "{path}");
    }
}
