//! The OpenAPI document, compared with what the application answers.

mod practice_api;

use std::sync::LazyLock;

use actix_web::http::{Method, StatusCode};
use actix_web::test::TestRequest;
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_http::HttpSettings;
use asteroid_verification::CodeFormat;
use serde_json::{Map, Value};

use crate::harness::practice_api::{self as practices, willing_practices};
use crate::harness::{Route, ask, ask_with, json, willing_accounts, with_token};

pub(crate) fn document() -> Value {
    document_under(&HttpSettings::default())
}

/// The document under these settings.
fn document_under(settings: &HttpSettings) -> Value {
    let document = asteroid_http::openapi::<MockAccounts, MockPractices>(settings);
    serde_json::to_value(document).expect("JSON")
}

/// Every operation with its method and its path.
pub(crate) fn operations() -> Vec<(Method, String, Value)> {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, item): (&String, &Value)| -> Vec<(Method, String, Value)> {
        let operations = item.as_object().expect("operations").iter();
        operations
            .map(|(method, operation)| {
                let method = method.to_uppercase().parse().expect("a method");
                (method, path.clone(), operation.clone())
            })
            .collect()
    };
    paths.iter().flat_map(of_path).collect()
}

pub(crate) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).expect("the reference can be resolved"),
        None => value,
    }
}

/// Asserts that the document describes this answer, if it is an operation's. The limit on header fields applies before
/// any operation.
pub(crate) fn assert_described(method: &Method, path: &str, status: StatusCode) {
    static OPERATIONS: LazyLock<Vec<(Method, String, Value)>> = LazyLock::new(operations);
    if status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE {
        return;
    }
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let is_at = |template: &str| {
        let path = path.strip_suffix('/').unwrap_or(path);
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template.zip(path).all(|(expected, part)| expected.starts_with('{') || expected == part)
    };
    for (_, template, operation) in OPERATIONS.iter().filter(|(own, at, _)| own == method && is_at(at)) {
        let described = &operation["responses"][status.as_str()];
        assert!(described.is_object(), "{method} {template} answered {status}, which is not described");
    }
}

/// The operations of the auth API that need a token and read no body, at paths that exist.
pub(crate) fn bodiless_requests() -> Vec<(Method, String)> {
    let is_wanted = |(_, path, operation): &(Method, String, Value)| {
        path.contains("/auth/") && needs_token(operation) && operation["requestBody"].is_null()
    };
    let found = operations().into_iter().filter(is_wanted);
    let found: Vec<_> = found.map(|(method, path, _)| (method, with_ids(&path))).collect();
    assert!(!found.is_empty(), "the document has such operations");
    found
}

/// The operations of the auth API that read a body, with the example of theirs.
pub(crate) fn routes_with_bodies() -> Vec<Route> {
    let is_wanted = |(_, path, operation): &(Method, String, Value)| {
        path.contains("/auth/") && operation["requestBody"].is_object()
    };
    let found = operations().into_iter().filter(is_wanted);
    let found: Vec<_> = found
        .map(|(method, path, operation)| {
            let example = &operation["requestBody"]["content"]["application/json"]["example"];
            let example = example.as_object().unwrap_or_else(|| panic!("{path} has an example"));
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            let fields = example.iter().map(|(name, value)| (name.clone(), text(value))).collect();
            Route { method, needs_token: needs_token(&operation), path: with_ids(&path), fields }
        })
        .collect();
    assert!(!found.is_empty(), "the document has such operations");
    found
}

/// The path with ids that can be read.
pub(crate) fn with_ids(path: &str) -> String {
    path.replace("{id}", "01540000-0000-7000-8000-000000000002").replace("{clientId}", "1")
}

/// Whether the operation needs a token. Each declares `security`, which may be empty.
fn needs_token(operation: &Value) -> bool {
    !operation["security"].as_array().expect("security, or an empty list").is_empty()
}

#[test]
fn operation_ids_are_unique_and_the_server_is_named() {
    let mut names: Vec<String> = operations()
        .iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().expect("a name").to_owned())
        .collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
    assert_eq!(document()["servers"][0]["url"], "/");
}

#[test]
fn operations_list_the_errors_that_their_inputs_can_cause() {
    assert_eq!(document()["openapi"], "3.1.0");
    for (method, path, operation) in operations() {
        let lists = |status: &str| operation["responses"][status].is_object();
        let is_probe = ["/healthz", "/readyz"].contains(&path.as_str());
        let has_body = !operation["requestBody"].is_null();
        assert_eq!(lists("500"), !is_probe, "{method} {path}");
        assert!(is_probe || lists("503"), "{method} {path}");
        assert!(!needs_token(&operation) || lists("401"), "{method} {path}");
        for status in ["400", "408", "413", "415"] {
            assert_eq!(lists(status), has_body, "{method} {path}: {status}");
        }
    }
    let limited: Vec<String> = operations()
        .iter()
        .filter(|(_, _, operation)| operation["responses"]["429"].is_object())
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert!(limited.contains(&"POST /v1/auth/login".to_owned()), "{limited:?}");
    assert!(!limited.contains(&"GET /v1/auth/me".to_owned()), "{limited:?}");
}

#[test]
fn every_reference_can_be_resolved() {
    fn check(document: &Value, value: &Value) {
        match value {
            Value::Object(object) => {
                resolve(document, value);
                object.values().for_each(|value| check(document, value));
            }
            Value::Array(items) => items.iter().for_each(|value| check(document, value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    check(&document(), &document());
}

#[actix_web::test]
async fn every_operation_is_mounted_and_needs_a_bearer_token_if_described() {
    for (method, path, operation) in operations() {
        let path = with_ids(&path);
        let answer = ask(MockAccounts::new(), TestRequest::default().method(method).uri(&path)).await;
        assert!(![404, 405].contains(&answer.status.as_u16()), "{path}");
        let asks_for_token = answer.header("www-authenticate").is_some();
        assert_eq!(asks_for_token, needs_token(&operation), "{path}");
    }
}

#[actix_web::test]
async fn every_example_of_a_request_is_accepted() {
    for (method, path, operation) in operations() {
        let Some(example) = operation.pointer("/requestBody/content/application~1json/example") else {
            assert!(operation["requestBody"].is_null(), "{path} has no example");
            continue;
        };
        let request = with_token(json(&method, &path, example.to_string()));
        let answer = practices::ask(willing_accounts(), willing_practices(), request).await;
        assert!(operation["responses"][answer.status.as_str()].is_object(), "{path}: {answer}");
        assert!(answer.status.is_success(), "{path}: {answer}");
    }
}

#[actix_web::test]
async fn fields_are_described_as_required_if_they_are() {
    let document = document();
    for (method, path, operation) in operations() {
        // The fields of the practice API are in groups; the submodule checks them.
        if !path.contains("/auth/") {
            continue;
        }
        let content = &operation["requestBody"]["content"]["application/json"];
        let Some(example) = content["example"].as_object() else { continue };
        let schema = resolve(&document, &content["schema"]);
        let fields = schema["properties"].as_object().expect("fields").keys();
        for field in fields {
            let body: Map<String, Value> = example
                .iter()
                .filter(|(name, _)| *name != field)
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect();
            let body = Value::Object(body).to_string();
            let answer = ask(willing_accounts(), with_token(json(&method, &path, body))).await;
            let is_required = schema["required"]
                .as_array()
                .is_some_and(|required| required.contains(&Value::from(&**field)));
            // Exactly one of `phone` and `email` is required, which a list of required fields cannot express.
            let is_one_of_two = path.ends_with("register") && field == "phone";
            assert_eq!(answer.status == 422, is_required || is_one_of_two, "{path} {field}: {answer}");
        }
    }
}

#[actix_web::test]
async fn the_served_document_is_the_printed_one() {
    let answer = ask(MockAccounts::new(), TestRequest::get().uri("/openapi.json")).await;
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.json(), document());
}

#[test]
fn password_lengths_code_formats_and_the_body_limit_are_those_of_the_settings() {
    let mut settings = HttpSettings { body_limit: 4096, ..HttpSettings::default() };
    (settings.passwords.min_chars, settings.passwords.max_chars) = (12, 100);
    settings.code_formats.v1 = CodeFormat::Digits { length: 7 };
    settings.code_formats.v2 = CodeFormat::Crockford { length: 9 };
    let document = document_under(&settings);
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).expect("a text");
    insta::assert_snapshot!(
        [
            text("/components/schemas/RegisterBody/properties/password/description"),
            text("/components/schemas/ResetPasswordBody/properties/password/description"),
            text("/components/schemas/ChangePasswordBody/properties/new_password/description"),
            text("/components/schemas/VerifyCodeBody/properties/code/description"),
            text("/paths/~1v2~1auth~1verification_codes~1send/post/description"),
            text("/components/responses/PayloadTooLarge/content/application~1json/example/error/message"),
            text("/components/responses/AsteroidPayloadTooLarge/content/application~1json/example/error"),
        ]
        .join("\n"),
        @"
    The password the user wishes to have. Between 12 and 100 characters.
    The password the user wishes to have. Between 12 and 100 characters.
    The user's new password. Between 12 and 100 characters.
    The verification code that was sent to the contact: 7 digits, or 9 letters and digits for a code to autofill.
    The same as version 1, with a code of 9 letters and digits to support mobile devices autofilling the UI.
    The request body must have at most 4096 bytes.
    The request body must have at most 4096 bytes.
    "
    );
}

#[actix_web::test]
async fn the_served_document_has_the_bounds_of_the_settings() {
    let mut settings = HttpSettings::default();
    settings.passwords.min_chars = 12;
    let request = TestRequest::get().uri("/openapi.json");
    let answer = ask_with(MockAccounts::new(), settings.clone(), request).await;
    assert_eq!(answer.json(), document_under(&settings));
    assert_ne!(answer.json(), document());
}
