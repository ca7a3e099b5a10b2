//! Account pre-hijacking: registrations of one contact from several networks, and the password of the account. The tests
//! of `asteroid-application` try all orders of actions.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, registration};

const CONTACT: &str = "martha@example.com";
const OWNER: &str = "192.0.2.1";
const ATTACKER: &str = "198.51.100.7";

/// A server behind a proxy, so that clients have different addresses.
async fn server() -> Server {
    Server::start_with(&[
        ("ASTEROID_LIMITS__ENABLED", "false"),
        ("ASTEROID_HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"),
    ])
    .await
}

async fn post(server: &Server, path: &str, from: &str, body: Value) -> Answer {
    let request = server.client.request(Method::POST, server.url(path)).header("x-forwarded-for", from);
    let request = request.header("user-agent", "Mozilla/5.0 (X11; Linux x86_64)").body(body.to_string());
    let response = request.header("content-type", "application/json").send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, text: response.text().await.expect("a body") }
}

async fn register(server: &Server, from: &str, first_name: &str, password: &str) -> Value {
    let before = server.messages().len();
    let mut body = registration(CONTACT, password);
    body["first_name"] = json!(first_name);
    let answer = post(server, "/v1/auth/register", from, body).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{}"));
    server.next_message(before).await
}

async fn send(server: &Server, from: &str) -> Value {
    let before = server.messages().len();
    let answer = post(server, "/v1/auth/verification_codes/send", from, json!({"email": CONTACT})).await;
    assert_eq!(answer.status, 204);
    server.next_message(before).await
}

/// Redeems the code of a message. Returns the account's `me`.
async fn verify(server: &Server, from: &str, message: &Value) -> Value {
    let body = json!({"contact": CONTACT, "code": message["code"]});
    let token = post(server, "/v1/auth/verification_codes/verify", from, body).await.token();
    server.get("/v1/auth/me", Some(&token)).await.json()
}

async fn sign_in(server: &Server, password: &str) -> u16 {
    let answer =
        post(server, "/v1/auth/login", OWNER, json!({"contact": CONTACT, "password": password})).await;
    answer.status.as_u16()
}

#[tokio::test]
async fn pre_hijacking_a_later_registration_does_not_replace_the_owners_password() {
    let server = server().await;
    register(&server, OWNER, "Martha", "the owner's password").await;
    register(&server, ATTACKER, "Mallory", "the attacker's password").await;
    let message = send(&server, OWNER).await;
    let me = verify(&server, OWNER, &message).await;
    assert_eq!(me["first_name"], "Martha");
    assert_eq!(sign_in(&server, "the attacker's password").await, 401);
    assert_eq!(sign_in(&server, "the owner's password").await, 200);
}

#[tokio::test]
async fn pre_hijacking_the_code_of_an_attackers_registration_sets_no_password() {
    let server = server().await;
    let message = register(&server, ATTACKER, "Mallory", "the attacker's password").await;
    let body = message["body"].as_str().expect("a text");
    assert!(body.contains("The registration was made for Mallory on 20"), "{body}");
    assert!(body.contains("with a browser on Linux."), "{body}");
    let message = send(&server, OWNER).await;
    let me = verify(&server, OWNER, &message).await;
    assert_eq!((&me["first_name"], &me["last_name"]), (&json!(""), &json!("")));
    assert_eq!(sign_in(&server, "the attacker's password").await, 401);

    // The owner sets a password with a reset code.
    let before = server.messages().len();
    let forgot = post(&server, "/v1/auth/password/forgot", OWNER, json!({"contact": CONTACT})).await;
    assert_eq!(forgot.status, 200, "{}", forgot.text);
    let code = server.next_message(before).await["code"].clone();
    let password = "a password of the owner";
    let reset = json!({
        "contact": CONTACT, "code": code, "password": password, "password_confirmation": password,
    });
    let answer = server.put("/v1/auth/password/reset", None, &reset).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(sign_in(&server, password).await, 200);
}

#[tokio::test]
async fn pre_hijacking_rules_keep_the_password_after_a_change_of_network() {
    let server = server().await;
    let message = register(&server, "2001:db8:0:1::7", "Martha", "the owner's password").await;
    let me = verify(&server, "203.0.113.9", &message).await;
    assert_eq!(me["first_name"], "Martha");
    assert_eq!(sign_in(&server, "the owner's password").await, 200);
}
