//! `POST /v1/auth/register`

use serde_json::{Value, json};

use super::VERIFY;
use crate::harness::{Server, registration};
use crate::routes::v1_document::{check, replay, route};

#[tokio::test]
async fn register_answers_as_documented() {
    let server = Server::start().await;
    let route = route("POST", "/v1/auth/register");
    let example = route.request.as_deref().expect("an example");
    assert!(
        example.contains("\"IWasTheFirstPrez1776\",\n}"),
        "the example ends with a comma, and is accepted"
    );
    check(&route, "example", &replay(&server, &route, None, Some(example)).await);
    let message = server.message("+15556654345", |m| m["kind"] == "registration_code").await;
    assert_eq!(message["channel"], "sms");
    check(&route, "nothing_given", &replay(&server, &route, None, Some("{}")).await);
    let all_wrong = json!({
        "first_name": 1, "last_name": " ", "phone": "12", "email": "unknown", "type": "home", "password": "short",
        "password_confirmation": "different",
    });
    check(&route, "all_wrong", &replay(&server, &route, None, Some(&all_wrong.to_string())).await);
}

#[tokio::test]
async fn a_pending_registration_cannot_sign_in() {
    let server = Server::start().await;
    let answer =
        server.post("/v1/auth/register", &registration("martha@example.com", "a fine long password")).await;
    assert_eq!(answer.status, 200);
    let refused = server.sign_in("martha@example.com", "a fine long password").await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["data"]["code"], "AUTHENTICATION_FAILED");
}

#[tokio::test]
async fn each_registration_of_a_contact_keeps_its_own_password() {
    let server = Server::start().await;
    let email = "martha@example.com";
    assert_eq!(
        server.post("/v1/auth/register", &registration(email, "the first password")).await.status,
        200
    );
    let first = server.code(email, "registration_code").await;
    assert_eq!(
        server.post("/v1/auth/register", &registration(email, "the second password")).await.status,
        200
    );
    let second =
        server.message(email, |m| m["kind"] == "registration_code" && m["code"] != first.as_str()).await;
    assert_ne!(second["code"], first.as_str());
    server.post(VERIFY, &json!({"contact": email, "code": first})).await.token();
    assert_eq!(server.sign_in(email, "the second password").await.status, 401);
    server.sign_in(email, "the first password").await.token();
    let late = server.post(VERIFY, &json!({"contact": email, "code": second["code"]})).await;
    assert_eq!((late.status.as_u16(), late.json()["data"]["code"].as_str()), (401, Some("INVALID_CODE")));
}

#[tokio::test]
async fn a_taken_contact_is_not_revealed_and_its_owner_is_notified() {
    let server = Server::start().await;
    let fresh =
        server.post("/v1/auth/register", &registration("new@example.com", "a fine long password")).await;
    server.user("martha@example.com", "a fine long password").await;
    let taken =
        server.post("/v1/auth/register", &registration("Martha@Example.com", "another fine password")).await;
    assert_eq!((taken.status, &taken.text), (fresh.status, &fresh.text));
    let notice = server.message("martha@example.com", |m| m["kind"] == "already_registered").await;
    assert_eq!(notice.get("code"), None);
    server.sign_in("martha@example.com", "a fine long password").await.token();
}

#[tokio::test]
async fn the_code_of_a_replaced_pending_registration_does_not_affect_the_others() {
    let server = Server::start().await;
    let email = "martha@example.com";
    let mut codes: Vec<String> = Vec::new();
    for n in 0..4 {
        let body = registration(email, &format!("a fine long password {n}"));
        assert_eq!(server.post("/v1/auth/register", &body).await.status, 200);
        let is_new = |m: &Value| !codes.iter().any(|code| m["code"] == code.as_str());
        let message = server.message(email, is_new).await;
        codes.push(message["code"].as_str().expect("a code").to_owned());
    }
    let verify = |code: String| {
        let server = &server;
        async move { server.post(VERIFY, &json!({"contact": email, "code": code})).await.status }
    };
    assert_eq!(verify(codes[0].clone()).await, 401, "the fourth registration ended the first");
    assert_eq!(verify(codes[2].clone()).await, 200);
    assert_eq!(verify(codes[3].clone()).await, 401, "another registration became the user");
    server.sign_in(email, "a fine long password 2").await.token();
}
