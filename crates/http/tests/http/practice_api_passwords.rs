//! What is wrong with a change of the password: all of it, in one answer, in the document's words.

use std::fmt::Write;

use actix_web::http::Method;
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_application::ports::{PasswordReview, ReviewPasswordChange, ReviewPasswordChangeError};
use asteroid_identity::{Password, PasswordFlaw};
use serde_json::Value;

use crate::harness::{Answer, json, signed_in_accounts, with_token};
use crate::practice_api_harness::{ask, profile, seed};

const CURRENT: &str = "oldpassword";

/// What the use case says to a user whose password is [`CURRENT`].
fn review(request: &ReviewPasswordChange) -> Result<(), ReviewPasswordChangeError> {
    let is_current = |password: &Password| password.expose() == CURRENT;
    let existing_is_right = request.existing.as_ref().is_some_and(is_current);
    let mut flaws = Vec::new();
    if let Some(new) = &request.new {
        flaws.extend((new.expose().len() < 8).then_some(PasswordFlaw::TooShort { min: 8 }));
        flaws.extend(is_current(new).then_some(PasswordFlaw::SameAsCurrent));
    }
    if existing_is_right && flaws.is_empty() && request.new.is_some() && request.complete {
        Ok(())
    } else {
        Err(ReviewPasswordChangeError::Refused(PasswordReview { existing_is_right, flaws }))
    }
}

fn accounts() -> MockAccounts {
    let mut accounts = signed_in_accounts();
    accounts.expect_review_password_change().once().returning(|request| review(&request));
    accounts
}

/// What is answered to a change with these values, as they stand in JSON; none: without the field.
async fn answer(current: Option<&str>, new: Option<&str>, confirmation: Option<&str>) -> Answer {
    let mut practices = MockPractices::new();
    practices.expect_practice_profile().returning(|_, _| Ok(Some(profile())));
    let fields = [("current_password", current), ("password", new), ("password_confirmation", confirmation)];
    let fields: Vec<String> =
        fields.iter().filter_map(|(name, value)| value.map(|value| format!("\"{name}\": {value}"))).collect();
    let body = format!("{{\"user\": {{{}}}}}", fields.join(", "));
    ask(accounts(), practices, with_token(json(&Method::PUT, "/users", body))).await
}

/// What an answer says is wrong.
fn told(answer: &Answer) -> String {
    if answer.status == 200 {
        assert_eq!(answer.json(), seed("password_changed"));
        return "changed".into();
    }
    assert_eq!(answer.status, 422, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let errors = answer.body.strip_prefix("{\"errors\":").and_then(|rest| rest.strip_suffix('}'));
    errors.expect("the envelope").to_owned()
}

#[actix_web::test]
async fn the_documents_example() {
    let answer = answer(None, Some("\"oldpassword\""), None).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (422, seed("password_refused")));
}

#[actix_web::test]
async fn every_combination_is_told_whole() {
    let currents =
        [("right", Some("\"oldpassword\"")), ("wrong", Some("\"otherpassword\"")), ("blank", None)];
    let news = [
        ("good", Some("\"newpassword\"")),
        ("short", Some("\"new\"")),
        ("equal", Some("\"oldpassword\"")),
        ("blank", None),
    ];
    let mut table = String::new();
    for (current_is, current) in currents {
        for (new_is, new) in news {
            for (confirmation_is, confirmation) in
                [("the same", new), ("another", Some("\"other\"")), ("blank", Some("\" \""))]
            {
                let told = told(&answer(current, new, confirmation).await);
                writeln!(table, "current {current_is}, new {new_is}, confirmation {confirmation_is}: {told}")
                    .expect("a string");
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[actix_web::test]
async fn every_defect_of_every_field_is_named() {
    let defects = [
        ("missing", None),
        ("null", Some("null")),
        ("empty", Some("\"\"")),
        ("blank", Some("\" \\t\\n\"")),
        ("number", Some("12345678")),
        ("boolean", Some("true")),
        ("array", Some("[\"newpassword\"]")),
        ("object", Some("{\"a\": \"newpassword\"}")),
    ];
    let (current, new) = (Some("\"oldpassword\""), Some("\"newpassword\""));
    let mut table = String::new();
    for (defect, value) in defects {
        for answer in [
            answer(value, new, new).await,
            answer(current, value, new).await,
            answer(current, new, value).await,
        ] {
            writeln!(table, "{defect}: {}", told(&answer)).expect("a string");
        }
    }
    for twice in [
        r#""current_password": "oldpassword", "current_password": "oldpassword", "password": "newpassword""#,
        r#""current_password": "oldpassword", "password": "newpassword", "password": "newpassword""#,
        r#""current_password": "oldpassword", "password": "newpassword", "password_confirmation": "newpassword""#,
    ] {
        let body = format!("{{\"user\": {{{twice}, \"password_confirmation\": \"newpassword\"}}}}");
        let request = with_token(json(&Method::PUT, "/users", body));
        writeln!(table, "twice: {}", told(&ask(accounts(), MockPractices::new(), request).await))
            .expect("a string");
    }
    insta::assert_snapshot!(table, @r#"
    missing: {"current_password":["can't be blank","is invalid"]}
    missing: {"password":["can't be blank"]}
    missing: {"password_confirmation":["can't be blank"]}
    null: {"current_password":["can't be blank","is invalid"]}
    null: {"password":["can't be blank"]}
    null: {"password_confirmation":["can't be blank"]}
    empty: {"current_password":["can't be blank","is invalid"]}
    empty: {"password":["can't be blank"]}
    empty: {"password_confirmation":["can't be blank"]}
    blank: {"current_password":["can't be blank","is invalid"]}
    blank: {"password":["can't be blank"]}
    blank: {"password_confirmation":["can't be blank"]}
    number: {"current_password":["is invalid"]}
    number: {"password":["is invalid"]}
    number: {"password_confirmation":["is invalid"]}
    boolean: {"current_password":["is invalid"]}
    boolean: {"password":["is invalid"]}
    boolean: {"password_confirmation":["is invalid"]}
    array: {"current_password":["is invalid"]}
    array: {"password":["is invalid"]}
    array: {"password_confirmation":["is invalid"]}
    object: {"current_password":["is invalid"]}
    object: {"password":["is invalid"]}
    object: {"password_confirmation":["is invalid"]}
    twice: {"current_password":["is given more than once"]}
    twice: {"password":["is given more than once"]}
    twice: {"password_confirmation":["is given more than once"]}
    "#);
}

#[actix_web::test]
async fn passwords_are_compared_as_they_are_kept() {
    // Composed and decomposed, it is the same.
    let (new, confirmation) = (Some(r#""p\u00e4sswoerter""#), Some(r#""pa\u0308sswoerter""#));
    assert_eq!(told(&answer(Some("\"oldpassword\""), new, confirmation).await), "changed");
}

#[actix_web::test]
async fn every_flaw_is_told_in_words_like_devises() {
    let mut accounts = signed_in_accounts();
    accounts.expect_review_password_change().once().returning(|_| {
        let flaws = vec![
            PasswordFlaw::TooShort { min: 8 },
            PasswordFlaw::TooLong { max: 64 },
            PasswordFlaw::TooCommon,
            PasswordFlaw::HoldsContact,
            PasswordFlaw::HoldsName,
            PasswordFlaw::SameAsCurrent,
        ];
        Err(ReviewPasswordChangeError::Refused(PasswordReview { existing_is_right: true, flaws }))
    });
    let body = r#"{"user": {"current_password": "a", "password": "b", "password_confirmation": "b"}}"#;
    let answer = ask(accounts, MockPractices::new(), with_token(json(&Method::PUT, "/users", body))).await;
    insta::assert_snapshot!(told(&answer), @r#"{"password":["is too short (minimum is 8 characters)","is too long (maximum is 64 characters)","is one of the most common passwords, please choose another","must not contain your email address, the part of it before the @, or your phone number","must not contain your name","should be different than your current password"]}"#);
}

#[actix_web::test]
async fn what_is_no_user_object_gives_nothing() {
    let nothing = told(&answer(None, None, None).await);
    for body in [
        "",
        "{}",
        r#"{"user": null}"#,
        r#"{"user": "a"}"#,
        r#"{"user": [{"password": "newpassword"}]}"#,
        r#"{"password": "newpassword"}"#,
    ] {
        let request = with_token(json(&Method::PUT, "/users", body));
        assert_eq!(told(&ask(accounts(), MockPractices::new(), request).await), nothing, "{body}");
    }
    let errors: Value = serde_json::from_str(&nothing).expect("JSON");
    assert_eq!(errors.as_object().map(serde_json::Map::len), Some(3));
}
