//! Bodies, media types, methods, paths, ids.

use std::fmt::Write;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::MockAccounts;
use asteroid_http::HttpSettings;

use crate::harness::{
    BODIES, BODILESS, ask, ask_with, json, signed_in_accounts, willing_accounts, with_token,
};

const LOGIN: &str = r#"{"contact": "g@example.com", "password": "5VphcVNdGhJi"}"#;

#[actix_web::test]
async fn what_is_no_json_object_is_refused_everywhere_with_its_position() {
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
    for route in BODIES {
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
async fn a_null_body_and_an_empty_body_are_an_empty_object_everywhere() {
    for route in BODIES {
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
async fn a_byte_order_mark_is_ignored_everywhere() {
    for route in BODIES {
        let answer = ask(willing_accounts(), route.request(format!("\u{feff}{}", route.body()))).await;
        assert!(answer.status.is_success(), "{}", route.path);
    }
}

#[actix_web::test]
async fn a_trailing_comma_is_forgiven_everywhere() {
    for route in BODIES {
        let body = route.body().replace('}', ",\n}");
        let answer = ask(willing_accounts(), route.request(body)).await;
        assert!(answer.status.is_success(), "{}", route.path);
    }
}

#[actix_web::test]
async fn a_body_is_json_and_says_so() {
    for route in BODIES {
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
async fn a_body_of_another_type_may_be_empty() {
    let request = TestRequest::post().uri("/v1/auth/login");
    assert_eq!(ask(MockAccounts::new(), request).await.code(), "VALIDATION_ERROR");
}

#[actix_web::test]
async fn a_body_of_the_limit_is_read_and_one_byte_more_is_not() {
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
async fn bodies_have_at_most_16_kib_unless_set_otherwise() {
    let body = format!("{{\"a\": \"{}\"}}", "x".repeat(16 * 1024));
    let answer = ask(MockAccounts::new(), json(&Method::POST, "/v1/auth/login", body)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "PAYLOAD_TOO_LARGE"));
}

#[actix_web::test]
async fn headers_have_at_most_8_kib() {
    for path in ["/v1/auth/me", "/healthz", "/nowhere"] {
        let request = TestRequest::get().uri(path).insert_header(("cookie", "x".repeat(8 * 1024)));
        let answer = ask(MockAccounts::new(), request).await;
        assert_eq!(answer.status, 431);
        insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":{"code":"HEADERS_TOO_LARGE","message":"The header fields must have at most 8192 bytes."}}"#); }
    }
}

#[actix_web::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let mut table = String::new();
    let paths = BODIES.iter().map(|route| route.path).chain(BODILESS.map(|(_, path)| path));
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
async fn nothing_is_at_any_other_path() {
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
async fn a_slash_at_the_end_changes_nothing() {
    for route in BODIES {
        let request = route.request("").uri(&format!("{}/", route.path));
        assert_eq!(ask(signed_in_accounts(), request).await.code(), "VALIDATION_ERROR", "{}", route.path);
    }
    for (method, path) in BODILESS {
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

#[actix_web::test]
async fn a_sane_request_id_is_kept() {
    for id in ["a", "0-9_aZ", &"x".repeat(64)] {
        for path in ["/healthz", "/nowhere", "/v1/auth/me"] {
            let request = TestRequest::get().uri(path).insert_header(("x-request-id", id));
            assert_eq!(ask(MockAccounts::new(), request).await.header("x-request-id"), Some(id));
        }
    }
}

#[actix_web::test]
async fn any_other_request_id_is_replaced_by_a_uuid_of_this_moment() {
    for id in ["", " ", "a b", "a\"b", "a.b", "é", &"x".repeat(65)] {
        let request = TestRequest::get().uri("/v1/auth/me").insert_header(("x-request-id", id));
        let answer = ask(MockAccounts::new(), request).await;
        let made = answer.header("x-request-id").expect("an id");
        // The milliseconds of 2016-05-02T11:15:54.950Z, then the version.
        assert_eq!((made.len(), &made[..15]), (36, "0154712e-85c6-7"), "{id:?}: {made}");
    }
}

#[actix_web::test]
async fn two_requests_have_two_ids() {
    let parts = crate::harness::parts(MockAccounts::new(), HttpSettings::default());
    let first = crate::harness::ask_parts(&parts, TestRequest::get().uri("/healthz")).await;
    let second = crate::harness::ask_parts(&parts, TestRequest::get().uri("/healthz")).await;
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}
