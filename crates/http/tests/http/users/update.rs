//! `PUT /users`

use std::fmt::Write;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::accounts::{PasswordReview, ReviewPasswordChange, ReviewPasswordChangeError};
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_identity::{HashingError, Password, PasswordFlaw};
use serde_json::Value;

use crate::harness::errors::{WAIT, busy, failed, unavailable};
use crate::harness::practice_api::{
    CHANGE, answers_to_account_errors, ask, form, profile, seed, willing_practices,
};
use crate::harness::{Answer, caller, json, signed_in_accounts, with_token};
use crate::practice_api::{answer, assert_is_example, is_origin, practices_of};

#[actix_web::test]
async fn update_user_answers_the_documented_example() {
    for path in ["/users", "/users/"] {
        let mut accounts = signed_in_accounts();
        let asked = |request: &ReviewPasswordChange| {
            request.caller == caller()
                && request.existing.as_ref().is_some_and(|given| given.expose() == "oldpassword")
                && request.new.as_ref().is_some_and(|given| given.expose() == "newpassword")
                && request.complete
                && is_origin(&request.origin)
        };
        accounts.expect_review_password_change().once().withf(asked).returning(|_| Ok(()));
        let request = with_token(json(&Method::PUT, path, CHANGE));
        let answer = answer(accounts, practices_of(profile()), request).await;
        assert_is_example(&answer, include_str!("../seeds/password_changed.json"));
    }
}

#[actix_web::test]
async fn the_password_can_be_changed_with_a_form() {
    let fields = "user[current_password]=oldpassword&user[password]=newpassword&user[password_confirmation]=newpassword";
    let requests = [
        json(&Method::PUT, "/users/", CHANGE),
        form(&Method::PUT, "/users", fields),
        TestRequest::put().uri(&format!("/users?{fields}")),
    ];
    for request in requests {
        let mut accounts = signed_in_accounts();
        accounts
            .expect_review_password_change()
            .once()
            .withf(|request| {
                let given = [&request.existing, &request.new]
                    .map(|given| given.as_ref().map(|own| own.expose().to_owned()));
                given == [Some("oldpassword".into()), Some("newpassword".into())] && request.complete
            })
            .returning(|_| Ok(()));
        assert_eq!(ask(accounts, willing_practices(), with_token(request)).await.status, 200);
    }
}

const CURRENT: &str = "oldpassword";

/// The result of the use case for a user whose password is [`CURRENT`].
fn review(request: &ReviewPasswordChange) -> Result<(), ReviewPasswordChangeError> {
    let is_current = |password: &Password| password.expose() == CURRENT;
    let existing_is_right = request.existing.as_ref().is_some_and(is_current);
    let mut flaws = Vec::new();
    if let Some(new) = &request.new {
        flaws.extend((new.expose().len() < 8).then_some(PasswordFlaw::TooShort { min: 8 }));
        let same = request.existing.as_ref().is_some_and(|existing| existing.expose() == new.expose());
        flaws.extend(same.then_some(PasswordFlaw::SameAsCurrent));
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

/// The answer to a change with these JSON values; [`None`] leaves the field out.
async fn change_password(current: Option<&str>, new: Option<&str>, confirmation: Option<&str>) -> Answer {
    let mut practices = MockPractices::new();
    practices.expect_practice_profile().returning(|_, _| Ok(Some(profile())));
    let fields = [("current_password", current), ("password", new), ("password_confirmation", confirmation)];
    let fields: Vec<String> =
        fields.iter().filter_map(|(name, value)| value.map(|value| format!("\"{name}\": {value}"))).collect();
    let body = format!("{{\"user\": {{{}}}}}", fields.join(", "));
    ask(accounts(), practices, with_token(json(&Method::PUT, "/users", body))).await
}

/// The errors in an answer.
fn errors_of(answer: &Answer) -> String {
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
async fn password_errors_are_answered_as_in_the_documented_example() {
    let answer = change_password(None, None, None).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (422, seed("password_refused")));
}

#[actix_web::test]
async fn every_combination_of_passwords_has_all_of_its_errors() {
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
                let answered = errors_of(&change_password(current, new, confirmation).await);
                writeln!(
                    table,
                    "current {current_is}, new {new_is}, confirmation {confirmation_is}: {answered}"
                )
                .expect("a string");
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[actix_web::test]
async fn every_error_of_every_password_field_is_answered() {
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
            change_password(value, new, new).await,
            change_password(current, value, new).await,
            change_password(current, new, value).await,
        ] {
            writeln!(table, "{defect}: {}", errors_of(&answer)).expect("a string");
        }
    }
    for twice in [
        r#""current_password": "oldpassword", "current_password": "oldpassword", "password": "newpassword""#,
        r#""current_password": "oldpassword", "password": "newpassword", "password": "newpassword""#,
        r#""current_password": "oldpassword", "password": "newpassword", "password_confirmation": "newpassword""#,
    ] {
        let body = format!("{{\"user\": {{{twice}, \"password_confirmation\": \"newpassword\"}}}}");
        let request = with_token(json(&Method::PUT, "/users", body));
        writeln!(table, "twice: {}", errors_of(&ask(accounts(), MockPractices::new(), request).await))
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
async fn passwords_are_compared_in_nfc() {
    // The same password, composed and decomposed.
    let (new, confirmation) = (Some(r#""p\u00e4sswoerter""#), Some(r#""pa\u0308sswoerter""#));
    assert_eq!(errors_of(&change_password(Some("\"oldpassword\""), new, confirmation).await), "changed");
}

#[actix_web::test]
async fn every_policy_error_is_worded_like_devise() {
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
    insta::assert_snapshot!(errors_of(&answer), @r#"{"password":["is too short (minimum is 8 characters)","is too long (maximum is 64 characters)","is one of the most common passwords, please choose another","must not contain your email address, the part of it before the @, or your phone number","must not contain your name or that of this service","should be different than your current password"]}"#);
}

#[actix_web::test]
async fn a_user_that_is_not_an_object_holds_no_parameters() {
    let nothing = errors_of(&change_password(None, None, None).await);
    for body in [
        "",
        "{}",
        r#"{"user": null}"#,
        r#"{"user": "a"}"#,
        r#"{"user": [{"password": "newpassword"}]}"#,
        r#"{"password": "newpassword"}"#,
    ] {
        let request = with_token(json(&Method::PUT, "/users", body));
        assert_eq!(errors_of(&ask(accounts(), MockPractices::new(), request).await), nothing, "{body}");
    }
    let errors: Value = serde_json::from_str(&nothing).expect("JSON");
    assert_eq!(errors.as_object().map(serde_json::Map::len), Some(3));
}

#[actix_web::test]
async fn update_user_errors_are_answered_by_name_with_rate_limit_fields() {
    let table = answers_to_account_errors!(
        "/users",
        expect_review_password_change,
        [
            ReviewPasswordChangeError::TooManyAttempts { retry_after: WAIT },
            ReviewPasswordChangeError::Busy { retry_after: WAIT },
            ReviewPasswordChangeError::Hashing(HashingError::Overloaded { retry_after: WAIT }),
            ReviewPasswordChangeError::Hashing(HashingError::Failed("out of memory".into())),
            ReviewPasswordChangeError::Storage(busy()),
            ReviewPasswordChangeError::Storage(unavailable()),
            ReviewPasswordChangeError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    429 [retry-after: 60] [ratelimit: "default";r=0;t=60] {"error":"Too many requests. Please try again in 60 s."}
    503 [retry-after: 60] {"error":"The service is temporarily unavailable. Please try again."}
    503 [retry-after: 60] {"error":"The service is temporarily unavailable. Please try again."}
    500 {"error":"Something went wrong on our side."}
    503 [retry-after: 1] {"error":"The service is temporarily unavailable. Please try again."}
    503 [retry-after: 5] {"error":"The service is temporarily unavailable. Please try again."}
    500 {"error":"Something went wrong on our side."}
    "#);
}
