//! Request bodies on every route: JSON, media types, the body limit.

use std::fmt::Write;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::MockAccounts;
use asteroid_http::HttpSettings;

use crate::harness::{BODIES, ask, ask_with, json, signed_in_accounts, willing_accounts};

const LOGIN: &str = r#"{"contact": "g@example.com", "password": "5VphcVNdGhJi"}"#;

#[actix_web::test]
async fn a_body_that_is_not_a_json_object_is_refused_with_its_position() {
    let deep = format!("{{\"a\": {}", "[".repeat(8000));
    let bodies: [(&str, &[u8]); 13] = [
        ("array", b" [1]"),
        ("number", b"12"),
        ("string", b"\"a\""),
        ("null and more", b"null null"),
        ("array behind a BOM", b"\xef\xbb\xbf [1]"),
        ("UTF-16", b"\xff\xfe{\0}\0"),
        ("cut off", b"{\"contact\":\n \"g"),
        ("unquoted", b"{contact: 1}"),
        ("two commas", b"{\"contact\": 1,,}"),
        ("only a comma", b"{,}"),
        ("more behind", b"{} {}"),
        ("not UTF-8", b"{\"contact\": \"\xff\"}"),
        ("deep", deep.as_bytes()),
    ];
    for route in BODIES.iter() {
        let mut table = String::new();
        for (name, body) in bodies {
            let answer = ask(signed_in_accounts(), route.request("").set_payload(body.to_vec())).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "MALFORMED_JSON"), "{name}");
            writeln!(table, "{name}: {}", answer.body).expect("a string");
        }
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r#"
        array: {"error":{"code":"MALFORMED_JSON","message":"The request body must be a JSON object: line 1, column 2."}}
        number: {"error":{"code":"MALFORMED_JSON","message":"The request body must be a JSON object: line 1, column 1."}}
        string: {"error":{"code":"MALFORMED_JSON","message":"The request body must be a JSON object: line 1, column 1."}}
        null and more: {"error":{"code":"MALFORMED_JSON","message":"The request body must be a JSON object: line 1, column 1."}}
        array behind a BOM: {"error":{"code":"MALFORMED_JSON","message":"The request body must be a JSON object: line 1, column 2."}}
        UTF-16: {"error":{"code":"MALFORMED_JSON","message":"The request body must be JSON in UTF-8; this is UTF-16 or UTF-32."}}
        cut off: {"error":{"code":"MALFORMED_JSON","message":"The request body is not valid JSON: line 2, column 3."}}
        unquoted: {"error":{"code":"MALFORMED_JSON","message":"The request body is not valid JSON: line 1, column 2."}}
        two commas: {"error":{"code":"MALFORMED_JSON","message":"The request body is not valid JSON: line 1, column 15."}}
        only a comma: {"error":{"code":"MALFORMED_JSON","message":"The request body is not valid JSON: line 1, column 2."}}
        more behind: {"error":{"code":"MALFORMED_JSON","message":"The request body is not valid JSON: line 1, column 4."}}
        not UTF-8: {"error":{"code":"MALFORMED_JSON","message":"The request body is not valid JSON: line 1, column 14."}}
        deep: {"error":{"code":"MALFORMED_JSON","message":"The request body is not valid JSON: line 1, column 133."}}
        "#); }
    }
}

#[actix_web::test]
async fn a_null_body_and_an_empty_body_are_an_empty_object() {
    for route in BODIES.iter() {
        let expected = ask(signed_in_accounts(), route.request("{}")).await;
        assert_eq!(expected.code(), "VALIDATION_ERROR", "{}", route.path);
        for body in ["", " \r\n", "null", " null\n", "\u{feff}", "\u{feff}null", "\u{feff}{}"] {
            let answer = ask(signed_in_accounts(), route.request(body)).await;
            assert_eq!(
                (answer.status, &answer.body),
                (expected.status, &expected.body),
                "{} {body:?}",
                route.path
            );
        }
    }
}

#[actix_web::test]
async fn a_byte_order_mark_is_ignored() {
    for route in BODIES.iter() {
        let answer = ask(willing_accounts(), route.request(format!("\u{feff}{}", route.body()))).await;
        assert!(answer.status.is_success(), "{}", route.path);
    }
}

#[actix_web::test]
async fn a_trailing_comma_is_accepted() {
    for route in BODIES.iter() {
        let body = route.body().replace('}', ",\n}");
        let answer = ask(willing_accounts(), route.request(body)).await;
        assert!(answer.status.is_success(), "{}", route.path);
    }
}

#[actix_web::test]
async fn a_body_must_have_the_json_media_type() {
    for route in BODIES.iter() {
        for media_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/problem+json",
            "application/jsonp",
            "multipart/form-data; boundary=x",
            "json",
            "",
        ] {
            let request = route.request(route.body()).insert_header(("content-type", media_type));
            let answer = ask(signed_in_accounts(), request).await;
            assert_eq!(answer.status, 415, "{media_type}");
            insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":{"code":"UNSUPPORTED_MEDIA_TYPE","message":"The request body must be sent as application/json, without a content coding."}}"#); }
        }
        let compressed = route.request(route.body()).insert_header(("content-encoding", "gzip"));
        assert_eq!(ask(signed_in_accounts(), compressed).await.status, 415);
    }
    for media_type in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=x"] {
        let mut accounts = MockAccounts::new();
        accounts.expect_forgot_password().once().returning(|_| Ok(()));
        let request = json(&Method::POST, "/v1/auth/password/forgot", r#"{"contact": "g@example.com"}"#);
        let request = request.insert_header(("content-type", media_type));
        assert_eq!(ask(accounts, request).await.status, 200, "{media_type}");
    }
}

#[actix_web::test]
async fn an_empty_body_may_have_any_media_type() {
    let request = TestRequest::post().uri("/v1/auth/login");
    assert_eq!(ask(MockAccounts::new(), request).await.code(), "VALIDATION_ERROR");
}

#[actix_web::test]
async fn a_body_over_the_body_limit_is_refused() {
    let settings = HttpSettings { body_limit: 100, ..HttpSettings::default() };
    let filled = |length: usize| LOGIN.to_owned() + &" ".repeat(length - LOGIN.len());
    let mut accounts = MockAccounts::new();
    accounts.expect_sign_in().once().returning(|_| Ok(crate::harness::signed_in_user()));
    let answer =
        ask_with(accounts, settings.clone(), json(&Method::POST, "/v1/auth/login", filled(100))).await;
    assert_eq!(answer.status, 200);
    let request = json(&Method::POST, "/v1/auth/login", filled(101));
    let answer = ask_with(MockAccounts::new(), settings, request).await;
    assert_eq!(answer.status, 413);
    insta::assert_snapshot!(answer.body, @r#"{"error":{"code":"PAYLOAD_TOO_LARGE","message":"The request body must have at most 100 bytes."}}"#);
}

#[actix_web::test]
async fn the_default_body_limit_is_16_kib() {
    let body = format!("{{\"a\": \"{}\"}}", "x".repeat(16 * 1024));
    let answer = ask(MockAccounts::new(), json(&Method::POST, "/v1/auth/login", body)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "PAYLOAD_TOO_LARGE"));
}
