//! The OpenAPI document tells the truth.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_http::HttpSettings;
use asteroid_verification::CodeFormat;
use serde_json::{Map, Value};

use crate::harness::{ask, ask_with, json, willing_accounts, with_token};
use crate::practice_api_harness::{self, willing_practices};

pub(crate) fn document() -> Value {
    document_under(&HttpSettings::default())
}

/// The document under these settings.
fn document_under(settings: &HttpSettings) -> Value {
    let document = asteroid_http::openapi::<MockAccounts, MockPractices>(settings);
    serde_json::to_value(document).expect("JSON")
}

/// Every operation: its method, its path, itself.
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
        Some(reference) => document.pointer(&reference[1..]).expect("what is referred to is there"),
        None => value,
    }
}

/// Whether the operation says so. Each says one or the other.
fn needs_token(operation: &Value) -> bool {
    !operation["security"].as_array().expect("security, or an empty list").is_empty()
}

#[test]
fn operations_have_names_of_their_own_and_the_document_names_its_server() {
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
fn it_is_openapi_3_1_and_lists_every_route() {
    assert_eq!(document()["openapi"], "3.1.0");
    let list: Vec<String> = operations()
        .iter()
        .map(|(method, path, operation)| {
            let statuses: Vec<&String> =
                operation["responses"].as_object().expect("responses").keys().collect();
            let token = if needs_token(operation) { " (token)" } else { "" };
            format!("{method} {path}{token}: {statuses:?}")
        })
        .collect();
    insta::assert_snapshot!(list.join("\n"), @r#"
    GET /clients (token): ["200", "401", "403", "404", "422", "500", "503"]
    GET /clients/{clientId} (token): ["200", "401", "403", "404", "422", "500", "503"]
    GET /healthz: ["200"]
    GET /readyz: ["200", "503"]
    GET /terms (token): ["200", "401", "404", "500", "503"]
    POST /terms (token): ["200", "400", "401", "408", "413", "415", "422", "500", "503"]
    PUT /users (token): ["200", "400", "401", "408", "413", "415", "422", "429", "500", "503"]
    GET /users/current (token): ["200", "401", "422", "500", "503"]
    POST /users/sign_in: ["200", "400", "401", "408", "413", "415", "422", "429", "500", "503"]
    DELETE /users/sign_out (token): ["204", "401", "500", "503"]
    POST /v1/auth/login: ["200", "400", "401", "408", "413", "415", "422", "429", "500", "503"]
    POST /v1/auth/logout (token): ["204", "401", "500", "503"]
    GET /v1/auth/me (token): ["200", "401", "500", "503"]
    PUT /v1/auth/password/change (token): ["200", "400", "401", "408", "413", "415", "422", "429", "500", "503"]
    POST /v1/auth/password/forgot: ["200", "400", "408", "413", "415", "422", "429", "500", "503"]
    PUT /v1/auth/password/reset: ["200", "400", "401", "408", "413", "415", "422", "500", "503"]
    POST /v1/auth/register: ["200", "400", "408", "413", "415", "422", "429", "500", "503"]
    DELETE /v1/auth/sessions (token): ["204", "401", "500", "503"]
    GET /v1/auth/sessions (token): ["200", "401", "500", "503"]
    DELETE /v1/auth/sessions/{id} (token): ["204", "401", "404", "500", "503"]
    POST /v1/auth/verification_codes/send: ["204", "400", "408", "413", "415", "422", "429", "500", "503"]
    POST /v1/auth/verification_codes/verify: ["200", "400", "401", "408", "413", "415", "422", "500", "503"]
    POST /v2/auth/verification_codes/send: ["204", "400", "408", "413", "415", "422", "429", "500", "503"]
    "#);
}

#[test]
fn whatever_it_refers_to_is_there() {
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
async fn every_operation_is_there_and_needs_a_token_if_it_says_so() {
    for (method, path, operation) in operations() {
        let path = path.replace("{id}", "01540000-0000-7000-8000-000000000002").replace("{clientId}", "1");
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
        let answer = practice_api_harness::ask(willing_accounts(), willing_practices(), request).await;
        assert!(operation["responses"][answer.status.as_str()].is_object(), "{path}: {answer}");
        assert!(answer.status.is_success(), "{path}: {answer}");
    }
}

#[actix_web::test]
async fn a_field_is_called_required_if_it_is() {
    let document = document();
    for (method, path, operation) in operations() {
        // Those of the other surface stand in groups: `practice_api_description` looks into these.
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
            // Of a phone number and an address, one must be there, which a list of required fields cannot say.
            let is_one_of_two = path.ends_with("register") && field == "phone";
            assert_eq!(answer.status == 422, is_required || is_one_of_two, "{path} {field}: {answer}");
        }
    }
}

#[actix_web::test]
async fn it_is_served_as_it_is_printed() {
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
