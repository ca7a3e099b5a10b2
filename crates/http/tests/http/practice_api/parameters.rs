//! Parameters in JSON, forms and query strings.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::accounts::SignIn;
use asteroid_application::mocks::{MockAccounts, MockPractices};

use crate::harness::practice_api::{SIGN_IN, ask, form};
use crate::harness::{Answer, json, signed_in_accounts, signed_in_user, with_token};

const PATH: &str = "/users/sign_in";

/// The answer to a sign-in that must reach its use case with these credentials.
async fn sign_in_as(email: &str, password: &str, request: TestRequest) -> Answer {
    let expected = (email.to_owned(), password.to_owned());
    let mut accounts = MockAccounts::new();
    accounts.expect_sign_in().once().returning(move |SignIn { contact, password, .. }| {
        assert_eq!((contact.as_str(), password.expose()), (expected.0.as_str(), expected.1.as_str()));
        Ok(signed_in_user())
    });
    ask(accounts, MockPractices::new(), request).await
}

#[actix_web::test]
async fn parameters_may_come_as_json_a_form_or_a_query_string() {
    let query = "user[email]=jeremy%40test.com&user%5Bpassword%5D=5VphcVNdGhJi";
    let post = |body: &str| json(&Method::POST, PATH, body);
    let requests = [
        post(SIGN_IN),
        post(
            "{\n  \"user\": {\n    \"email\": \"jeremy@test.com\",\n    \"password\": \"5VphcVNdGhJi\",\n  },\n}",
        ),
        post(r#"{"user[email]": "jeremy@test.com", "user[password]": "5VphcVNdGhJi"}"#),
        post(r#"{"user": {"email": "jeremy@test.com"}, "user[password]": "5VphcVNdGhJi"}"#),
        post(
            r#"{"user": {"email": " jeremy@test.com ", "password": "5VphcVNdGhJi", "admin": true}, "a": [1]}"#,
        ),
        post(SIGN_IN).insert_header(("content-type", "application/json; charset=utf-8")),
        form(&Method::POST, PATH, query),
        form(&Method::POST, PATH, format!("utf8=%E2%9C%93&&x&{query}&commit=Log+in")),
        form(&Method::POST, PATH, query)
            .insert_header(("content-type", "application/x-www-form-urlencoded; charset=UTF-8")),
        TestRequest::post().uri(&format!("{PATH}?{query}")),
        TestRequest::post().uri(&format!("{PATH}/?{query}")),
        json(&Method::POST, &format!("{PATH}?{query}"), "{}"),
        json(&Method::POST, &format!("{PATH}?{query}"), " \n"),
        json(
            &Method::POST,
            &format!("{PATH}?user[password]=5VphcVNdGhJi"),
            r#"{"user": {"email": "jeremy@test.com"}}"#,
        ),
        form(&Method::POST, &format!("{PATH}?user[email]=jeremy@test.com"), "user[password]=5VphcVNdGhJi"),
    ];
    for request in requests {
        assert_eq!(sign_in_as("jeremy@test.com", "5VphcVNdGhJi", request).await.status, 200);
    }
}

#[actix_web::test]
async fn body_parameters_take_precedence_over_the_query_string() {
    let path = format!("{PATH}?user[email]=other@test.com&user[email]=x&user[password]=otherpassword");
    assert_eq!(
        sign_in_as("jeremy@test.com", "5VphcVNdGhJi", json(&Method::POST, &path, SIGN_IN)).await.status,
        200
    );
    // Even a blank one.
    let blank = json(&Method::POST, &path, r#"{"user": {"email": null, "password": "5VphcVNdGhJi"}}"#);
    assert_eq!(ask(MockAccounts::new(), MockPractices::new(), blank).await.status, 401);
}

#[actix_web::test]
async fn a_form_decodes_every_character() {
    let request = form(
        &Method::POST,
        PATH,
        "user[email]=Zo%C3%AB%2Bvet@test.com&user[password]=+a%26b%3D%25+%F0%9F%A6%80",
    );
    assert_eq!(sign_in_as("Zoë+vet@test.com", " a&b=% 🦀", request).await.status, 200);
}

#[actix_web::test]
async fn impossible_credentials_are_answered_like_wrong_ones() {
    let long = format!(r#"{{"user": {{"email": "jeremy@test.com", "password": "{}"}}}}"#, "a".repeat(257));
    let bodies = [
        "{}",
        r#"{"user": {}}"#,
        r#"{"user": null}"#,
        r#"{"user": "jeremy@test.com"}"#,
        r#"{"user": [{"email": "jeremy@test.com", "password": "5VphcVNdGhJi"}]}"#,
        r#"{"email": "jeremy@test.com", "password": "5VphcVNdGhJi"}"#,
        r#"{"user": {"password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": "", "password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": null, "password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": 1, "password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": ["jeremy@test.com"], "password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": "555-665-4345", "password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": "jeremy", "password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": "jeremy@test.com"}}"#,
        r#"{"user": {"email": "jeremy@test.com", "password": " "}}"#,
        r#"{"user": {"email": "jeremy@test.com", "password": {"a": "5VphcVNdGhJi"}}}"#,
        r#"{"user": {"email": "jeremy@test.com", "password": 12345678}}"#,
        &long,
    ];
    for body in bodies {
        let answer = ask(MockAccounts::new(), MockPractices::new(), json(&Method::POST, PATH, body)).await;
        assert_eq!(answer.status, 401, "{body}");
        insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":"Invalid email or password."}"#); }
    }
}

#[actix_web::test]
async fn a_repeated_parameter_is_refused() {
    let twice = [
        json(
            &Method::POST,
            PATH,
            r#"{"user": {"email": "a@test.com", "email": "b@test.com", "password": "a"}}"#,
        ),
        json(&Method::POST, PATH, r#"{"user": {"email": "a@test.com"}, "user": {"email": "b@test.com"}}"#),
        json(&Method::POST, PATH, r#"{"user": {"email": "a@test.com"}, "user[email]": "b@test.com"}"#),
        form(&Method::POST, PATH, "user[email]=a@test.com&user%5Bemail%5D=a@test.com"),
        TestRequest::post().uri("/users/sign_in?user[email]=a@test.com&user[email]="),
    ];
    for request in twice {
        let answer = ask(MockAccounts::new(), MockPractices::new(), request).await;
        assert_eq!(answer.status, 422);
        insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"errors":{"email":["is given more than once"]}}"#); }
    }
    let both = form(&Method::POST, PATH, "user[email]=a&user[email]=b&user[password]=a&user[password]=b");
    insta::assert_snapshot!(ask(MockAccounts::new(), MockPractices::new(), both).await.body, @r#"{"errors":{"email":["is given more than once"],"password":["is given more than once"]}}"#);
    let terms = with_token(form(&Method::POST, "/terms", "terms[accept]=true&terms[accept]=true"));
    insta::assert_snapshot!(ask(signed_in_accounts(), MockPractices::new(), terms).await.body, @r#"{"errors":{"accept":["is given more than once"]}}"#);
}

#[actix_web::test]
async fn bytes_that_are_not_utf_8_are_not_a_password() {
    // Two different passwords must not become equal.
    let request = form(&Method::POST, PATH, "user[email]=jeremy@test.com&user[password]=p%E4ssword");
    assert_eq!(ask(MockAccounts::new(), MockPractices::new(), request).await.status, 401);
}
