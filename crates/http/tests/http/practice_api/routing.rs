//! Methods and paths.

use std::fmt::Write;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_http::HttpSettings;

use crate::harness::practice_api::{ROUTES, ask, ask_with, willing_practices};
use crate::harness::{willing_accounts, with_token};

#[actix_web::test]
async fn a_trailing_slash_is_accepted() {
    for route in ROUTES {
        for slash in ["", "/"] {
            let request = route.request().uri(&format!("{}{slash}", route.path));
            let answer = ask(willing_accounts(), willing_practices(), request).await;
            assert!(answer.status.is_success(), "{} {}{slash}: {answer}", route.method, route.path);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
    }
}

#[actix_web::test]
async fn a_wrong_method_is_answered_405_with_allow() {
    let mut table = String::new();
    let mut paths = ROUTES.map(|route| route.path).to_vec();
    paths.dedup();
    for path in paths {
        for method in [Method::PATCH, Method::OPTIONS] {
            let request = TestRequest::default().method(method).uri(path);
            let answer = ask(MockAccounts::new(), MockPractices::new(), request).await;
            assert_eq!(answer.status, 405);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            writeln!(table, "{path}: {} {}", answer.header("allow").expect("Allow"), answer.body)
                .expect("a string");
        }
    }
    insta::assert_snapshot!(table, @r#"
    /users/sign_in: POST {"error":"This resource answers to POST only."}
    /users/sign_in: POST {"error":"This resource answers to POST only."}
    /users/sign_out: DELETE {"error":"This resource answers to DELETE only."}
    /users/sign_out: DELETE {"error":"This resource answers to DELETE only."}
    /users: PUT {"error":"This resource answers to PUT only."}
    /users: PUT {"error":"This resource answers to PUT only."}
    /users/current: GET, HEAD {"error":"This resource answers to GET, HEAD only."}
    /users/current: GET, HEAD {"error":"This resource answers to GET, HEAD only."}
    /terms: GET, HEAD, POST {"error":"This resource answers to GET, HEAD, POST only."}
    /terms: GET, HEAD, POST {"error":"This resource answers to GET, HEAD, POST only."}
    /clients: GET, HEAD {"error":"This resource answers to GET, HEAD only."}
    /clients: GET, HEAD {"error":"This resource answers to GET, HEAD only."}
    /clients/1: GET, HEAD {"error":"This resource answers to GET, HEAD only."}
    /clients/1: GET, HEAD {"error":"This resource answers to GET, HEAD only."}
    "#);
}

#[actix_web::test]
async fn unknown_paths_are_answered_404() {
    for path in [
        "/users/25",
        "/users/sign_in/x",
        "/users/sign_in//",
        "/users//",
        "/users/password",
        "/terms/1",
        "/terms/%2e",
        "/clients/1/patients",
        "/clients//",
        "/clients/a/b",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let request = with_token(TestRequest::default().method(method).uri(path));
            let answer = ask(MockAccounts::new(), MockPractices::new(), request).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":"There is nothing here, or nothing that you may see."}"#); }
        }
    }
}

#[actix_web::test]
async fn head_is_answered_wherever_get_is() {
    for route in ROUTES.iter().filter(|route| route.method == Method::GET) {
        let request = with_token(TestRequest::default().method(Method::HEAD).uri(route.path));
        let answer = ask(willing_accounts(), willing_practices(), request).await;
        assert_eq!(answer.status, 200, "{}", route.path);
    }
}

#[actix_web::test]
async fn errors_before_routing_have_the_envelope_of_the_surface() {
    let settings =
        HttpSettings { cors_origins: vec!["https://app.example.com".into()], ..HttpSettings::default() };
    let mut answered = Vec::new();
    for path in ["/users/current", "/terms/", "/clients", "/clients/1", "/users/nowhere"] {
        let long = TestRequest::get().uri(path).insert_header(("cookie", "x".repeat(8 * 1024)));
        let preflight = TestRequest::default()
            .method(Method::OPTIONS)
            .uri(path)
            .insert_header(("origin", "https://evil.example"))
            .insert_header(("access-control-request-method", "GET"));
        for request in [long, preflight] {
            let answer = ask_with(MockAccounts::new(), MockPractices::new(), settings.clone(), request).await;
            answered.push(format!("{} {}", answer.status.as_u16(), answer.body));
        }
    }
    answered.sort();
    answered.dedup();
    insta::assert_snapshot!(answered.join("\n"), @r#"
    403 {"error":"Pages of this origin must not send this request."}
    431 {"error":"The header fields must have at most 8192 bytes."}
    "#);
}

#[actix_web::test]
async fn paths_that_share_only_the_beginning_of_a_prefix_are_not_of_the_surface() {
    for path in ["/usersx", "/users.json", "/term", "/clientside/1", "/USERS/current"] {
        let answer = ask(MockAccounts::new(), MockPractices::new(), TestRequest::get().uri(path)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "NOT_FOUND"), "{path}");
    }
}
