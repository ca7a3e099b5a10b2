//! Request bodies on every route: JSON, forms, the body limit.

use std::fmt::Write;

use actix_web::http::Method;
use asteroid_application::accounts::{PasswordReview, ReviewPasswordChangeError};
use asteroid_application::mocks::MockPractices;
use asteroid_http::HttpSettings;

use crate::harness::practice_api::{ROUTES, ask, ask_with, form, willing_practices};
use crate::harness::{json, signed_in_accounts, willing_accounts, with_token};

/// The routes that read a body.
fn with_body() -> impl Iterator<Item = (&'static str, Method)> {
    ROUTES.into_iter().filter(|route| route.body.is_some()).map(|route| (route.path, route.method))
}

#[actix_web::test]
async fn a_body_that_is_not_a_json_object_is_refused_with_its_position() {
    let deep = format!("{{\"user\": {}", "[".repeat(8000));
    let bodies: [(&str, &[u8]); 9] = [
        ("array", b" [1]"),
        ("string", b"\"a\""),
        ("UTF-16", b"\xff\xfe{\0}\0"),
        ("cut off", b"{\"user\":\n {\"email"),
        ("two commas", b"{\"user\": {\"email\": 1,,}}"),
        ("more behind", b"{} {}"),
        ("a form", b"user[email]=a"),
        ("not UTF-8", b"{\"user\": \"\xff\"}"),
        ("deep", deep.as_bytes()),
    ];
    for (path, method) in with_body() {
        let mut table = String::new();
        for (name, body) in bodies {
            let request = with_token(json(&method, path, "")).set_payload(body.to_vec());
            let answer = ask(signed_in_accounts(), MockPractices::new(), request).await;
            assert_eq!(answer.status, 400, "{name}");
            writeln!(table, "{name}: {}", answer.body).expect("a string");
        }
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r#"
        array: {"error":"The request body must be a JSON object: line 1, column 2."}
        string: {"error":"The request body must be a JSON object: line 1, column 1."}
        UTF-16: {"error":"The request body must be JSON in UTF-8; this is UTF-16 or UTF-32."}
        cut off: {"error":"The request body is not valid JSON: line 2, column 8."}
        two commas: {"error":"The request body is not valid JSON: line 1, column 22."}
        more behind: {"error":"The request body is not valid JSON: line 1, column 4."}
        a form: {"error":"The request body is not valid JSON: line 1, column 1."}
        not UTF-8: {"error":"The request body is not valid JSON: line 1, column 11."}
        deep: {"error":"The request body is not valid JSON: line 1, column 136."}
        "#); }
    }
}

#[actix_web::test]
async fn a_null_body_and_an_empty_body_are_an_empty_object() {
    for (path, method) in with_body() {
        let answer_to = async |body: &str| {
            let mut accounts = signed_in_accounts();
            accounts.expect_review_password_change().returning(|_| {
                let flaws = Vec::new();
                Err(ReviewPasswordChangeError::Refused(PasswordReview { existing_is_right: false, flaws }))
            });
            let request = with_token(json(&method, path, "")).set_payload(body.to_owned());
            let answer = ask(accounts, willing_practices(), request).await;
            (answer.status, answer.body)
        };
        let expected = answer_to("{}").await;
        for body in ["", " \r\n", "null", "null\n", "\u{feff}null", "\u{feff}", "\u{feff} {}"] {
            assert_eq!(answer_to(body).await, expected, "{path} {body:?}");
        }
    }
}

#[actix_web::test]
async fn a_body_must_have_a_supported_media_type() {
    for (path, method) in with_body() {
        for media_type in ["text/plain", "multipart/form-data; boundary=x", "application/jsonp", ""] {
            let request = with_token(json(&method, path, "{}")).insert_header(("content-type", media_type));
            let answer = ask(signed_in_accounts(), MockPractices::new(), request).await;
            assert_eq!(answer.status, 415, "{media_type}");
            insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":"The request body must be sent as application/json or application/x-www-form-urlencoded, without a content coding."}"#); }
        }
        let compressed = with_token(json(&method, path, "{}")).insert_header(("content-encoding", "gzip"));
        assert_eq!(ask(signed_in_accounts(), MockPractices::new(), compressed).await.status, 415);
    }
}

#[actix_web::test]
async fn a_body_over_the_body_limit_is_refused() {
    let settings = HttpSettings { body_limit: 10, ..HttpSettings::default() };
    for (path, method) in with_body() {
        let request = with_token(form(&method, path, "a=123456789"));
        let answer = ask_with(signed_in_accounts(), MockPractices::new(), settings.clone(), request).await;
        assert_eq!(answer.status, 413);
        insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":"The request body must have at most 10 bytes."}"#); }
    }
}

#[actix_web::test]
async fn the_body_of_a_request_without_one_is_not_read() {
    for route in ROUTES.iter().filter(|route| route.body.is_none()) {
        let request = route.request().insert_header(("content-type", "text/plain")).set_payload("{");
        assert!(
            ask(willing_accounts(), willing_practices(), request).await.status.is_success(),
            "{}",
            route.path
        );
    }
}
