//! Mass assignment: fields that a route does not know change nothing.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::harness::{Answer, Server, registration};
use crate::routes::practice_document::{self, PASSWORD};

const EMAIL: &str = "martha@example.com";

/// Names of columns and properties that no client may set.
fn privileges() -> Value {
    json!({
        "id": 7, "user_id": 1, "user": 1, "session_id": 1, "enabled": false, "disabled": true, "admin": true,
        "is_admin": true, "administrator": true, "role": "admin", "roles": ["admin"], "primaryRole": "admin",
        "practiceId": 99, "practice_id": 99, "clientId": "000001", "client_id": "000001", "verified": true,
        "verified_at": "2016-05-02T11:15:54.950Z", "source": "verified", "password_hash": "$2b$05$x", "purpose": "reset",
        "kind": "sign_in_code", "guesses": 0, "expires_at": "2116-05-02T11:15:54.950Z", "expires_in": 999_999_999,
        "created_at": "2016-05-02T11:15:54.950Z", "emails": [{"email": "george@example.com", "verified": true}],
        "phones": [], "ip": "192.0.2.1", "origin": {"ip": "192.0.2.1"}, "last_login": null, "scope": "*", "accepted": true,
        "__proto__": {"admin": true}, "constructor": {"prototype": {"admin": true}},
    })
}

/// The body with more fields, at the top and in each object in it.
fn with(body: &Value, more: &Map<String, Value>) -> Value {
    let Value::Object(fields) = body else { return body.clone() };
    let mut all = more.clone();
    all.extend(fields.iter().map(|(name, value)| (name.clone(), with(value, more))));
    Value::Object(all)
}

/// A server and what it has answered, with these fields added to every body.
struct Journey {
    server: Server,
    more: Map<String, Value>,
    answers: Vec<String>,
}

impl Journey {
    async fn ask(&mut self, method: Method, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let body = with(body, &self.more).to_string();
        let answer = self.server.request(method.clone(), path, token, Some(&body)).await.expect("an answer");
        self.answers.push(format!("{method} {path}: {}", without_secrets(&answer)));
        answer
    }

    /// What the user sees of the account.
    async fn look(&mut self, path: &str, token: &str) {
        let answer = self.server.get(path, Some(token)).await;
        self.answers.push(format!("{path}: {}", without_secrets(&answer)));
    }
}

/// The response, without the token that is its own in every run.
fn without_secrets(answer: &Answer) -> String {
    let mut text = answer.snapshot();
    if let Some(token) = serde_json::from_str::<Value>(&answer.text)
        .ok()
        .and_then(|body| body["token"].as_str().map(str::to_owned))
    {
        text = text.replace(&token, "[token]");
    }
    text
}

/// Every route of `/v1` and `/v2` that reads a body.
async fn accounts(more: Map<String, Value>) -> Vec<String> {
    let mut journey = Journey { server: Server::start().await, more, answers: Vec::new() };
    let changed = "another long password";
    journey.ask(Method::POST, "/v1/auth/register", None, &registration(EMAIL, PASSWORD)).await;
    let code = journey.server.code(EMAIL, "registration_code").await;
    let verify = "/v1/auth/verification_codes/verify";
    let token =
        journey.ask(Method::POST, verify, None, &json!({"contact": EMAIL, "code": code})).await.token();
    journey.look("/v1/auth/me", &token).await;
    for version in ["v1", "v2"] {
        let send = format!("/{version}/auth/verification_codes/send");
        journey.ask(Method::POST, &send, None, &json!({"email": EMAIL})).await;
    }
    let login = json!({"contact": EMAIL, "password": PASSWORD});
    let token = journey.ask(Method::POST, "/v1/auth/login", None, &login).await.token();
    let change = json!({
        "existing_password": PASSWORD, "new_password": changed, "new_password_confirmation": changed,
    });
    journey.ask(Method::PUT, "/v1/auth/password/change", Some(&token), &change).await;
    journey.ask(Method::POST, "/v1/auth/password/forgot", None, &json!({"contact": EMAIL})).await;
    let code = journey.server.code(EMAIL, "reset_code").await;
    let reset =
        json!({"contact": EMAIL, "code": code, "password": PASSWORD, "password_confirmation": PASSWORD});
    journey.ask(Method::PUT, "/v1/auth/password/reset", None, &reset).await;
    let token = journey.ask(Method::POST, "/v1/auth/login", None, &login).await.token();
    journey.look("/v1/auth/me", &token).await;
    journey.ask(Method::DELETE, "/v1/auth/sessions", Some(&token), &json!({})).await;
    journey.ask(Method::POST, "/v1/auth/logout", Some(&token), &json!({})).await;
    journey.answers
}

/// Every route of the practice API that reads a body.
async fn practices(more: Map<String, Value>) -> Vec<String> {
    let mut journey = Journey { server: practice_document::server().await, more, answers: Vec::new() };
    let sign_in = json!({"user": {"email": "jeremy@test.com", "password": PASSWORD}});
    let token = practice_document::token(&journey.ask(Method::POST, "/users/sign_in", None, &sign_in).await);
    journey.ask(Method::POST, "/terms", Some(&token), &json!({"terms": {"accept": true}})).await;
    let update = json!({"user": {
        "current_password": PASSWORD, "password": "an even finer one", "password_confirmation": "an even finer one",
    }});
    journey.ask(Method::PUT, "/users", Some(&token), &update).await;
    let sign_in = json!({"user": {"email": "jeremy@test.com", "password": "an even finer one"}});
    let token = practice_document::token(&journey.ask(Method::POST, "/users/sign_in", None, &sign_in).await);
    journey.look("/clients", &token).await;
    journey.ask(Method::DELETE, "/users/sign_out", Some(&token), &json!({})).await;
    journey.answers
}

#[tokio::test]
async fn unknown_body_fields_change_nothing_on_any_route() {
    let Value::Object(more) = privileges() else { unreachable!("it is an object") };
    let plain = [accounts(Map::new()).await, practices(Map::new()).await].concat();
    let crowded = [accounts(more.clone()).await, practices(more).await].concat();
    assert!(plain.iter().all(|answer| answer.contains(": 20")), "{plain:#?}");
    assert_eq!(crowded, plain);
}
