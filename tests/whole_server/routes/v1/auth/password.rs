//! `PUT /v1/auth/password/change`, `POST …/forgot`, `PUT …/reset`

use serde_json::json;

use super::{VERIFY, washington};
use crate::harness::Server;
use crate::routes::v1_document::{check, replay, route, snapshot};

#[tokio::test]
async fn change_password_answers_as_documented() {
    let server = Server::start().await;
    let route = route("PUT", "/v1/auth/password/change");
    let token = washington(&server, "george.washington@example.com", "oldpassword").await;
    let example = route.request.as_deref().expect("an example");
    let weak = json!({
        "existing_password": "wrong", "new_password": "password123", "new_password_confirmation": "other",
    });
    let answer = replay(&server, &route, Some(&token), Some(&weak.to_string())).await;
    snapshot(&route.path, "weak", &answer);
    check(&route, "example", &replay(&server, &route, Some(&token), Some(example)).await);
    let again = example.replace("\"newpassword\"", "\"anotherpassword\"");
    check(&route, "wrong_existing", &replay(&server, &route, Some(&token), Some(&again)).await);
    server.sign_in("george.washington@example.com", "newpassword").await.token();
}

#[tokio::test]
async fn forgot_and_reset_password_answer_as_documented() {
    let server = Server::start().await;
    let forgot = route("POST", "/v1/auth/password/forgot");
    let reset = route("PUT", "/v1/auth/password/reset");
    let (forgotten, example) = (forgot.request.as_deref(), reset.request.as_deref().expect("an example"));
    check(&forgot, "unknown", &replay(&server, &forgot, None, forgotten).await);
    check(&reset, "example_code", &replay(&server, &reset, None, Some(example)).await);
    washington(&server, "george.washington@gmail.com", "IWasTheFirstPrez1776").await;
    check(&forgot, "example", &replay(&server, &forgot, None, forgotten).await);
    let code = server.code("george.washington@gmail.com", "reset_code").await;
    check(&reset, "nothing_given", &replay(&server, &reset, None, Some("{}")).await);
    let with_code = example.replace("\"12345\"", &json!(code).to_string());
    check(&reset, "example", &replay(&server, &reset, None, Some(&with_code)).await);
    check(&reset, "code_used", &replay(&server, &reset, None, Some(&with_code)).await);
    server.sign_in("george.washington@gmail.com", "5VphcVNdGhJi").await.token();
    server.message("george.washington@gmail.com", |m| m["kind"] == "password_reset").await;
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session() {
    let server = Server::start().await;
    let kept = server.user("martha@example.com", "a fine long password").await;
    let other = server.sign_in("martha@example.com", "a fine long password").await.token();
    let body = json!({
        "existing_password": "a fine long password",
        "new_password": "an even finer one", "new_password_confirmation": "an even finer one",
    });
    let changed = server.put("/v1/auth/password/change", Some(&kept), &body).await;
    assert_eq!((changed.status.as_u16(), changed.text.as_str()), (200, "{}"));
    assert_eq!(server.get("/v1/auth/me", Some(&kept)).await.status, 200);
    assert_eq!(server.get("/v1/auth/me", Some(&other)).await.status, 401);
    server.message("martha@example.com", |m| m["kind"] == "password_changed").await;
}

#[tokio::test]
async fn a_password_reset_ends_every_session_and_its_code_cannot_sign_in() {
    let server = Server::start().await;
    let email = "martha@example.com";
    let token = server.user(email, "a fine long password").await;
    assert_eq!(server.post("/v1/auth/password/forgot", &json!({"contact": email})).await.status, 200);
    let code = server.code(email, "reset_code").await;
    let signed_in = server.post(VERIFY, &json!({"contact": email, "code": code})).await;
    assert_eq!(signed_in.status, 401, "a reset code does not sign in");
    let reset = |password: &str| json!({"contact": email, "code": code, "password": password, "password_confirmation": password});
    let weak = server.put("/v1/auth/password/reset", None, &reset("martha martha")).await;
    assert_eq!(weak.status, 422, "{}", weak.text);
    let done = server.put("/v1/auth/password/reset", None, &reset("an even finer one")).await;
    assert_eq!(done.status, 200, "a 422 does not use up the code: {}", done.text);
    assert_eq!(server.get("/v1/auth/me", Some(&token)).await.status, 401);
    assert_eq!(server.sign_in(email, "a fine long password").await.status, 401);
    server.sign_in(email, "an even finer one").await.token();
}
