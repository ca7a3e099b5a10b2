//! The practice API in the OpenAPI document, compared with the document that clients were written against.

use actix_web::http::Method;
use asteroid_application::accounts::{PasswordReview, ReviewPasswordChangeError};
use serde_json::{Map, Value, json};

use crate::harness::practice_api::{ask, form, seed, willing_practices};
use crate::harness::{json as json_request, signed_in_accounts, willing_accounts, with_token};
use crate::openapi::{document, operations, resolve};

fn operation(method: &Method, path: &str) -> Value {
    let found = operations().into_iter().find(|(own, at, _)| own == method && at == path);
    found.expect("an operation").2
}

/// The example object of a schema: every property with its example, or null without one. Asserts that all
/// properties are required.
fn example_of(schema: &Value) -> Value {
    let document = document();
    let schema = resolve(&document, schema);
    if let Some(parts) = schema["allOf"].as_array() {
        let objects = parts.iter().map(example_of).filter_map(|part| part.as_object().cloned());
        return Value::Object(objects.flatten().collect());
    }
    let properties = schema["properties"].as_object().expect("properties");
    let required = schema["required"].as_array().expect("all are required");
    assert_eq!(required.len(), properties.len(), "{schema}");
    let example = |property: &Value| match property {
        Value::Object(own) if own.contains_key("example") => own["example"].clone(),
        Value::Object(own) if own.contains_key("items") => json!([example_of(&own["items"])]),
        Value::Object(own) if own.contains_key("oneOf") => {
            let one = own["oneOf"].as_array().and_then(|all| all.iter().find(|one| one["$ref"].is_string()));
            example_of(one.expect("an object or null"))
        }
        Value::Object(own) if own.contains_key("$ref") => example_of(property),
        Value::Object(own) if own["type"] == "object" => json!({}),
        _ => Value::Null,
    };
    Value::Object(properties.iter().map(|(name, property)| (name.clone(), example(property))).collect())
}

fn answer_schema(method: &Method, path: &str) -> Value {
    operation(method, path)["responses"]["200"]["content"]["application/json"]["schema"].clone()
}

#[test]
fn answers_have_the_documented_examples() {
    assert_eq!(example_of(&answer_schema(&Method::POST, "/users/sign_in")), seed("sign_in"));
    assert_eq!(example_of(&answer_schema(&Method::PUT, "/users")), seed("password_changed"));
    assert_eq!(example_of(&answer_schema(&Method::GET, "/users/current")), seed("current_user"));
    assert_eq!(example_of(&answer_schema(&Method::POST, "/terms")), seed("terms_accepted"));
    let mut client = seed("client");
    client["patients"].as_array_mut().expect("patients").truncate(1);
    assert_eq!(example_of(&answer_schema(&Method::GET, "/clients/{clientId}")), client);
}

#[test]
fn the_clients_reply_is_one_client_or_an_array() {
    let document = document();
    let schema = answer_schema(&Method::GET, "/clients");
    let schema = resolve(&document, &schema);
    let [one, many] = schema["oneOf"].as_array().expect("a choice").as_slice() else { panic!("{schema}") };
    assert_eq!((one["$ref"].clone(), many["type"].clone()), (many["items"]["$ref"].clone(), json!("array")));
}

#[test]
fn errors_have_the_documented_examples() {
    let refused = |method, path, status: &str| {
        operation(&method, path)["responses"][status]["content"]["application/json"]["example"].clone()
    };
    assert_eq!(refused(Method::POST, "/users/sign_in", "401"), seed("invalid_credentials"));
    assert_eq!(refused(Method::PUT, "/users", "422"), seed("password_refused"));
}

#[actix_web::test]
async fn every_body_has_a_form_schema_with_keys_in_brackets() {
    let document = document();
    let mut forms = Vec::new();
    for (method, path, operation) in operations() {
        let content = &operation["requestBody"]["content"];
        let Some(body) = content.get("application/x-www-form-urlencoded") else { continue };
        let json_schema = resolve(&document, &content["application/json"]["schema"]);
        let form_schema = resolve(&document, &body["schema"]);
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        for (key, value) in body["example"].as_object().expect("fields") {
            let (group, name) = key.trim_end_matches(']').split_once('[').expect("a key in brackets");
            let group = &json_schema["properties"][group];
            assert_eq!(form_schema["properties"][key], group["properties"][name], "{key}");
            let requires = |schema: &Value, name: &str| {
                schema["required"].as_array().is_some_and(|names| names.contains(&Value::from(name)))
            };
            assert_eq!(requires(form_schema, key), requires(group, name), "{key}");
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            pairs.append_pair(key, &value);
        }
        let request = with_token(form(&method, &path, pairs.finish()));
        let answer = ask(willing_accounts(), willing_practices(), request).await;
        assert_eq!(answer.status, 200, "{path}");
        forms.push(body["schema"]["$ref"].as_str().expect("a component").to_owned());
    }
    forms.sort();
    let names = ["AcceptTermsForm", "SignInForm", "UpdateUserForm"];
    assert_eq!(forms, names.map(|name| format!("#/components/schemas/{name}")));
}

#[actix_web::test]
async fn fields_of_the_practice_api_are_described_as_required_if_they_are() {
    let document = document();
    for (method, path, group) in [
        (Method::POST, "/users/sign_in", "user"),
        (Method::PUT, "/users", "user"),
        (Method::POST, "/terms", "terms"),
    ] {
        let content = &operation(&method, path)["requestBody"]["content"]["application/json"];
        let schema = &resolve(&document, &content["schema"])["properties"][group];
        let example = content["example"][group].as_object().expect("fields");
        assert!(example.keys().eq(schema["properties"].as_object().expect("fields").keys()), "{path}");
        for field in example.keys() {
            let others = example.iter().filter(|(name, _)| *name != field);
            let fields: Map<String, Value> =
                others.map(|(name, value)| (name.clone(), value.clone())).collect();
            let request = with_token(json_request(&method, path, json!({group: fields}).to_string()));
            let mut accounts = signed_in_accounts();
            accounts.expect_review_password_change().returning(|request| {
                assert!(!request.complete || request.existing.is_none() || request.new.is_none());
                Err(refused())
            });
            let answer = ask(accounts, willing_practices(), request).await;
            let is_required =
                schema["required"].as_array().is_some_and(|all| all.contains(&Value::from(field.as_str())));
            assert_eq!(!answer.status.is_success(), is_required, "{path} {field}: {answer}");
        }
    }
}

fn refused() -> ReviewPasswordChangeError {
    ReviewPasswordChangeError::Refused(PasswordReview { existing_is_right: true, flaws: Vec::new() })
}
