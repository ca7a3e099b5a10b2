//! Validation of request bodies.

use std::fmt::Write;

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, BODIES, ask, json as json_request, signed_in_accounts, with_token};

/// The errors of each field in an answer with the status 422.
fn validation_messages(answer: &Answer) -> Value {
    assert_eq!(answer.status, 422, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut body = answer.json();
    let errors = body["error"]["validation_messages"].take();
    let rest = json!({"error": {
        "code": "VALIDATION_ERROR",
        "message": "You have validation errors in your submission",
        "validation_messages": null,
    }});
    assert_eq!(body, rest);
    errors
}

/// `field code: message`, a line each.
fn lines(errors: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    let fields = errors.as_object().expect("an object of fields").iter();
    fields
        .flat_map(|(field, errors)| {
            errors.as_array().expect("a list").iter().map(move |error| {
                assert_eq!(error.as_object().expect("an object").len(), 2);
                format!("{field} {}: {}", text(&error["code"]), text(&error["message"]))
            })
        })
        .collect()
}

async fn errors_of(path: &str, body: Value) -> Vec<String> {
    let method = if path.contains("reset") || path.contains("change") { Method::PUT } else { Method::POST };
    let request = with_token(json_request(&method, path, body.to_string()));
    lines(&validation_messages(&ask(signed_in_accounts(), request).await))
}

#[actix_web::test]
async fn every_error_of_every_field_is_answered() {
    let long = format!("\"{}\"", "a1".repeat(2500));
    let defects = [
        ("missing", None),
        ("null", Some("null")),
        ("empty", Some("\"\"")),
        ("blank", Some("\" \\t\\n\"")),
        ("number", Some("12345")),
        ("boolean", Some("true")),
        ("array", Some("[\"a\"]")),
        ("object", Some("{\"a\": \"b\"}")),
        ("too long", Some(&long)),
    ];
    let mut table = String::new();
    for route in BODIES.iter() {
        writeln!(table, "{} {}", route.method, route.path).expect("a string");
        for (field, value) in &route.fields {
            // One of the two is enough.
            let is_optional = route.path.ends_with("codes/send");
            let twice = format!("\"{value}\", \"{field}\": \"{value}\"");
            for (defect, value) in defects.iter().copied().chain([("twice", Some(&*twice))]) {
                if is_optional && ["missing", "null"].contains(&defect) {
                    continue;
                }
                let answer = ask(signed_in_accounts(), route.request(route.body_with(field, value))).await;
                for line in lines(&validation_messages(&answer)) {
                    writeln!(table, "  {field} {defect} -> {line}").expect("a string");
                }
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[actix_web::test]
async fn all_invalid_fields_are_answered_at_once() {
    let body = json!({
        "first_name": "a\u{0}b", "last_name": null, "phone": "12", "type": "home",
        "password": "short", "password_confirmation": "other",
    });
    insta::assert_snapshot!(errors_of("/v1/auth/register", body).await.join("\n"), @r"
    first_name invalid: The first name must not contain control characters.
    last_name required: The last name is required and must not be blank.
    password too_short: The password must have at least 8 characters.
    password_confirmation mismatch: The password confirmation must be the same as the password.
    phone invalid: The phone number must be one that can be called, with + and the country's calling code (not needed in US).
    type invalid: The type must be work or personal.
    ");
}

#[actix_web::test]
async fn a_name_of_invisible_characters_is_missing() {
    let body = json!({
        "first_name": "\u{200b}", "last_name": " \u{2060} ", "email": "martha@example.com", "type": "personal",
        "password": "5VphcVNdGhJi", "password_confirmation": "5VphcVNdGhJi",
    });
    insta::assert_snapshot!(errors_of("/v1/auth/register", body).await.join("\n"), @r"
    first_name required: The first name is required and must not be blank.
    last_name required: The last name is required and must not be blank.
    ");
}

#[actix_web::test]
async fn an_empty_object_lacks_every_required_field() {
    insta::assert_snapshot!(errors_of("/v1/auth/register", json!({})).await.join("\n"), @r"
    email required: An e-mail address or a phone number is required.
    first_name required: The first name is required and must not be blank.
    last_name required: The last name is required and must not be blank.
    password required: The password is required and must not be blank.
    password_confirmation required: The password confirmation is required and must not be blank.
    phone required: An e-mail address or a phone number is required.
    type required: The type is required and must not be blank.
    ");
    insta::assert_snapshot!(errors_of("/v1/auth/verification_codes/send", json!({})).await.join("\n"), @r"
    email required: An e-mail address or a phone number is required.
    phone required: An e-mail address or a phone number is required.
    ");
}

#[actix_web::test]
async fn register_takes_either_a_phone_number_or_an_email_address() {
    let body = |email: Value, phone: Value| {
        json!({
            "first_name": "george", "last_name": "washington", "email": email, "phone": phone,
            "type": "work", "password": "IWasTheFirstPrez1776", "password_confirmation": "IWasTheFirstPrez1776",
        })
    };
    let both = errors_of("/v1/auth/register", body(json!("g@example.com"), json!("555-665-4345"))).await;
    insta::assert_snapshot!(both.join("\n"), @r"
    email invalid: Either an e-mail address or a phone number must be given, not both.
    phone invalid: Either an e-mail address or a phone number must be given, not both.
    ");
    let neither = errors_of("/v1/auth/register", body(json!(null), json!(null))).await;
    insta::assert_snapshot!(neither.join("\n"), @r"
    email required: An e-mail address or a phone number is required.
    phone required: An e-mail address or a phone number is required.
    ");
}

#[actix_web::test]
async fn an_email_address_in_the_phone_field_is_invalid_and_the_reverse() {
    let swapped = json!({"email": "555-665-4345", "phone": "g@example.com"});
    insta::assert_snapshot!(errors_of("/v1/auth/verification_codes/send", swapped).await.join("\n"), @r"
    email invalid: The e-mail address must be of the form name@example.com.
    phone invalid: The phone number must be one that can be called, with + and the country's calling code (not needed in US).
    ");
    for contact in ["g@", "@", "george", "555-FLOWERS", "12"] {
        let errors = errors_of("/v1/auth/password/forgot", json!({"contact": contact})).await.join("\n");
        insta::allow_duplicates! { insta::assert_snapshot!(errors, @"contact invalid: The contact must be an e-mail address of the form name@example.com, or a phone number with + and the country's calling code (not needed in US)."); }
    }
}

#[actix_web::test]
async fn a_new_password_must_not_contain_the_contact_or_the_name_in_the_request() {
    let register = |password: &str| {
        json!({
            "first_name": "George", "last_name": "Washington", "email": "firstprez@example.com", "type": "work",
            "password": password, "password_confirmation": password,
        })
    };
    let mut table = String::new();
    for password in ["seven77", "password123", "xxWASHINGTONxx", "firstprez1776", &"x".repeat(65)] {
        for line in errors_of("/v1/auth/register", register(password)).await {
            writeln!(table, "{line}").expect("a string");
        }
    }
    insta::assert_snapshot!(table, @r"
    password too_short: The password must have at least 8 characters.
    password too_common: The password must not be one of those that many people use: choose another.
    password contains_name: The password must not contain your name or that of this service.
    password contains_contact: The password must not contain your e-mail address, the part of it before the @, or your phone number.
    password too_long: The password must have at most 64 characters.
    ");
}

#[actix_web::test]
async fn a_reset_password_must_not_contain_the_contact() {
    let body = json!({
        "contact": "firstprez@example.com", "code": "12345",
        "password": "firstprez1776", "password_confirmation": "firstprez1776",
    });
    insta::assert_snapshot!(errors_of("/v1/auth/password/reset", body).await.join("\n"), @"password contains_contact: The password must not contain your e-mail address, the part of it before the @, or your phone number.");
}

#[actix_web::test]
async fn the_new_password_must_be_different_from_the_existing_password() {
    // The same password, composed and decomposed.
    let body = json!({
        "existing_password": "p\u{e4}ssw\u{f6}rter", "new_password": "pa\u{308}sswo\u{308}rter",
        "new_password_confirmation": "p\u{e4}ssw\u{f6}rter",
    });
    insta::assert_snapshot!(errors_of("/v1/auth/password/change", body).await.join("\n"), @"new_password same_as_old: The new password must be different from the existing password.");
}

#[actix_web::test]
async fn a_confirmation_of_an_invalid_password_is_not_compared() {
    let body = json!({"existing_password": "a", "new_password": 1, "new_password_confirmation": "b"});
    insta::assert_snapshot!(errors_of("/v1/auth/password/change", body).await.join("\n"), @"new_password not_a_string: The new password must be a JSON string.");
}
