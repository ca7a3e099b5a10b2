//! CORS: requests from pages of other origins.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::MockAccounts;
use asteroid_http::HttpSettings;

use crate::harness::ask_with;

const APP: &str = "https://app.example.com";

fn settings() -> HttpSettings {
    HttpSettings { cors_origins: vec![APP.to_owned()], ..HttpSettings::default() }
}

fn preflight(origin: &str) -> TestRequest {
    TestRequest::default()
        .method(Method::OPTIONS)
        .uri("/v1/auth/me")
        .insert_header(("origin", origin))
        .insert_header(("x-request-id", "r-1"))
        .insert_header(("access-control-request-method", "GET"))
        .insert_header(("access-control-request-headers", "authorization"))
}

#[actix_web::test]
async fn cors_allows_no_origin_by_default() {
    let answer = ask_with(MockAccounts::new(), HttpSettings::default(), preflight(APP)).await;
    assert_eq!(answer.status, 405);
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
}

#[actix_web::test]
async fn cors_allows_a_configured_origin() {
    let answer = ask_with(MockAccounts::new(), settings(), preflight(APP)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    let listed = |name: &str| {
        let mut items: Vec<String> =
            answer.header(name).expect("a list").split(", ").map(str::to_lowercase).collect();
        items.sort();
        items.join(", ")
    };
    assert_eq!(listed("access-control-allow-methods"), "delete, get, head, post, put");
    assert_eq!(listed("access-control-allow-headers"), "authorization");
    assert_eq!(answer.header("access-control-max-age"), Some("600"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);

    let request = TestRequest::get().uri("/v1/auth/me").insert_header(("origin", APP));
    let answer = ask_with(MockAccounts::new(), settings(), request).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    assert!(answer.header("vary").is_some_and(|vary| vary.to_lowercase().contains("origin")));
    let exposed = answer.header("access-control-expose-headers").expect("a list").to_lowercase();
    let mut exposed: Vec<&str> = exposed.split(',').map(str::trim).collect();
    exposed.sort_unstable();
    let fields = ["link", "ratelimit", "ratelimit-policy", "retry-after", "www-authenticate", "x-request-id"];
    assert_eq!(exposed, fields);
}

#[actix_web::test]
async fn cors_allows_an_origin_with_a_custom_scheme() {
    for origin in [
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "http://localhost:8100",
        "app://-",
    ] {
        let settings = || HttpSettings { cors_origins: vec![origin.to_owned()], ..HttpSettings::default() };
        let answer = ask_with(MockAccounts::new(), settings(), preflight(origin)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("access-control-allow-origin")),
            (200, Some(origin))
        );
        let other = format!("{origin}x");
        let answer = ask_with(MockAccounts::new(), settings(), preflight(&other)).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (403, None));
    }
}

#[actix_web::test]
async fn a_cors_preflight_may_ask_for_any_header_field() {
    for fields in [
        "x-requested-with",
        "content-type,traceparent,tracestate",
        "sentry-trace,baggage",
        "authorization, x-request-id, x-b3-traceid, cache-control, if-none-match",
        "X-Anything_At.All",
    ] {
        let request = preflight(APP).insert_header(("access-control-request-headers", fields));
        let answer = ask_with(MockAccounts::new(), settings(), request).await;
        assert_eq!(answer.status, 200, "{fields}");
        assert_eq!(answer.header("access-control-allow-headers"), Some(fields));
        assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    }
}

#[actix_web::test]
async fn cors_refuses_another_origin_with_an_error_of_the_surface() {
    let answer = ask_with(MockAccounts::new(), settings(), preflight("https://evil.example")).await;
    insta::assert_snapshot!(answer, @r#"
    403 Forbidden
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {"error":{"code":"FORBIDDEN_ORIGIN","message":"Pages of this origin must not send this request."}}
    "#);
    let request = TestRequest::get().uri("/v1/auth/me").insert_header(("origin", "https://evil.example"));
    let answer = ask_with(MockAccounts::new(), settings(), request).await;
    assert_eq!(answer.status, 401);
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{answer}");
}
