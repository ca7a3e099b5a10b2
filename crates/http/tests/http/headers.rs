//! The header limit and request ids.

use actix_web::test::TestRequest;
use asteroid_application::mocks::MockAccounts;
use asteroid_http::HttpSettings;

use crate::harness::ask;

#[actix_web::test]
async fn header_fields_over_the_header_limit_are_refused() {
    for path in ["/v1/auth/me", "/healthz", "/nowhere"] {
        let request = TestRequest::get().uri(path).insert_header(("cookie", "x".repeat(8 * 1024)));
        let answer = ask(MockAccounts::new(), request).await;
        assert_eq!(answer.status, 431);
        insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":{"code":"HEADERS_TOO_LARGE","message":"The header fields must have at most 8192 bytes."}}"#); }
    }
}

#[actix_web::test]
async fn a_valid_request_id_is_kept() {
    for id in ["a", "0-9_aZ", &"x".repeat(64)] {
        for path in ["/healthz", "/nowhere", "/v1/auth/me"] {
            let request = TestRequest::get().uri(path).insert_header(("x-request-id", id));
            assert_eq!(ask(MockAccounts::new(), request).await.header("x-request-id"), Some(id));
        }
    }
}

#[actix_web::test]
async fn an_invalid_request_id_is_replaced_by_a_uuid() {
    for id in ["", " ", "a b", "a\"b", "a.b", "é", &"x".repeat(65)] {
        let request = TestRequest::get().uri("/v1/auth/me").insert_header(("x-request-id", id));
        let answer = ask(MockAccounts::new(), request).await;
        let made = answer.header("x-request-id").expect("an id");
        // The milliseconds of 2016-05-02T11:15:54.950Z, then the version.
        assert_eq!((made.len(), &made[..15]), (36, "0154712e-85c6-7"), "{id:?}: {made}");
    }
}

#[actix_web::test]
async fn two_requests_have_different_request_ids() {
    let parts = crate::harness::parts(MockAccounts::new(), HttpSettings::default());
    let first = crate::harness::ask_parts(&parts, TestRequest::get().uri("/healthz")).await;
    let second = crate::harness::ask_parts(&parts, TestRequest::get().uri("/healthz")).await;
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}
