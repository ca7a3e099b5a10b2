//! Every example of the API document, replayed to the letter; every answer compared whole. The snapshots are laid
//! out as the URLs are.

use reqwest::Method;
use serde_json::{Value, json};

use super::documented_requests::{Documented, assert_same_shape, route};
use super::harness::{Answer, Server};

const VERIFY: &str = "/v1/auth/verification_codes/verify";

/// Compares the answer with its snapshot, and with what the document shows for its status.
fn check(route: &Documented, name: &str, answer: &Answer) {
    let shown = route.response(answer.status.as_u16());
    match shown {
        Some(shown) => assert_same_shape(shown, &answer.json(), &route.path),
        None => assert!(["", "{}"].contains(&answer.text.as_str()), "{}", answer.text),
    }
    snapshot(&route.path, name, answer);
}

/// Compares the answer with the snapshot of this name beside the others of its path.
fn snapshot(path: &str, name: &str, answer: &Answer) {
    insta::with_settings!({
        snapshot_path => format!("snapshots{path}"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, answer.snapshot());
    });
}

async fn replay(server: &Server, route: &Documented, token: Option<&str>, body: Option<&str>) -> Answer {
    let method: Method = route.method.parse().expect("a method");
    server.request(method, &route.path, token, body).await.expect("an answer")
}

/// Registers by e-mail with a password, and gives the token of the verification.
async fn washington(server: &Server, email: &str, password: &str) -> String {
    let body = json!({
        "first_name": "George", "last_name": "Washington", "email": email, "type": "work",
        "password": password, "password_confirmation": password,
    });
    assert_eq!(server.post("/v1/auth/register", &body).await.status, 200);
    let code = server.code(email, "registration_code").await;
    server.post(VERIFY, &json!({"contact": email, "code": code})).await.token()
}

#[tokio::test]
async fn register() {
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
        "first_name": 1, "last_name": " ", "phone": "12", "email": "nobody", "type": "home", "password": "short",
        "password_confirmation": "different",
    });
    check(&route, "all_wrong", &replay(&server, &route, None, Some(&all_wrong.to_string())).await);
}

#[tokio::test]
async fn login() {
    let server = Server::start().await;
    let route = route("POST", "/v1/auth/login");
    let example = route.request.as_deref().expect("an example");
    check(&route, "unknown", &replay(&server, &route, None, Some(example)).await);
    washington(&server, "george.washington@example.com", "5VphcVNdGhJi").await;
    check(&route, "example", &replay(&server, &route, None, Some(example)).await);
    check(&route, "nothing_given", &replay(&server, &route, None, Some("{}")).await);
}

#[tokio::test]
async fn me() {
    let server = Server::start().await;
    let route = route("GET", "/v1/auth/me");
    let token = washington(&server, "george.washington@example.com", "5VphcVNdGhJi").await;
    check(&route, "by_email", &replay(&server, &route, Some(&token), None).await);
    let register = self::route("POST", "/v1/auth/register");
    replay(&server, &register, None, register.request.as_deref()).await;
    let code = server.code("+15556654345", "registration_code").await;
    let body = json!({"contact": "(555) 665 4345", "code": code});
    let token = server.post(VERIFY, &body).await.token();
    check(&route, "by_phone", &replay(&server, &route, Some(&token), None).await);
    for (name, token) in
        [("without_token", None), ("unknown_token", Some("48a4034027374be582b936f7d58043af"))]
    {
        let refused = replay(&server, &route, token, None).await;
        assert_eq!(refused.status, 401);
        snapshot(&route.path, name, &refused);
    }
}

#[tokio::test]
async fn change_password() {
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
    server.login("george.washington@example.com", "newpassword").await.token();
}

#[tokio::test]
async fn forgot_and_reset_password() {
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
    server.login("george.washington@gmail.com", "5VphcVNdGhJi").await.token();
    server.message("george.washington@gmail.com", |m| m["kind"] == "password_reset").await;
}

#[tokio::test]
async fn send_and_verify_codes() {
    let server = Server::start().await;
    washington(&server, "george.washington@example.com", "IWasTheFirstPrez1776").await;
    for (path, length) in [("/v1/auth/verification_codes/send", 5), ("/v2/auth/verification_codes/send", 6)] {
        let send = route("POST", path);
        check(&send, "example", &replay(&server, &send, None, send.request.as_deref()).await);
        check(&send, "nothing_given", &replay(&server, &send, None, Some("{}")).await);
        let null_phone = json!({"email": "george.washington@example.com", "phone": null}).to_string();
        check(&send, "null_phone", &replay(&server, &send, None, Some(&null_phone)).await);
        let is_code = |m: &Value| {
            m["kind"] == "sign_in_code" && m["code"].as_str().is_some_and(|code| code.len() == length)
        };
        let message = server.message("george.washington@example.com", is_code).await;
        let verify = route("POST", VERIFY);
        let body = json!({"contact": "George.Washington@EXAMPLE.com", "code": message["code"]}).to_string();
        check(&verify, "right_code", &replay(&server, &verify, None, Some(&body)).await);
    }
    let verify = route("POST", VERIFY);
    check(&verify, "example", &replay(&server, &verify, None, verify.request.as_deref()).await);
    check(&verify, "nothing_given", &replay(&server, &verify, None, Some("{}")).await);
}
