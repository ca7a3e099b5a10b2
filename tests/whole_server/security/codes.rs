//! Guesses at codes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Answer, Server, registration};

const EMAIL: &str = "martha@example.com";

/// A server behind a proxy, so that a test chooses the address of each request, without rate limits.
async fn server(settings: &[(&str, &str)]) -> Server {
    let own = [("ASTEROID_HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"), ("ASTEROID_LIMITS__ENABLED", "false")];
    Server::start_with(&[&own, settings].concat()).await
}

/// A request from this address.
async fn post_from(server: &Server, ip: &str, path: &str, body: &Value) -> Answer {
    let request = server.client.post(server.url(path)).header("x-forwarded-for", ip).json(body);
    let response = request.send().await.expect("an answer");
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.expect("a body"),
    }
}

async fn guess(server: &Server, ip: &str, code: &str) -> u16 {
    let body = json!({"contact": EMAIL, "code": code});
    post_from(server, ip, "/v1/auth/verification_codes/verify", &body).await.status.as_u16()
}

/// Asks for a code to sign in of this version, and waits for it.
async fn sign_in_code(server: &Server, version: &str) -> String {
    let before = server.messages().len();
    let send = format!("/{version}/auth/verification_codes/send");
    assert_eq!(server.post(&send, &json!({"email": EMAIL})).await.status, 204);
    let message = server.next_message(before).await;
    assert_eq!(message["kind"], "sign_in_code");
    message["code"].as_str().expect("the message carries a code").to_owned()
}

#[tokio::test]
async fn two_live_codes_are_not_guessed_for_the_price_of_one() {
    let server = server(&[]).await;
    server.user(EMAIL, "a fine long password").await;
    let typed = sign_in_code(&server, "v1").await;
    let filled_in = sign_in_code(&server, "v2").await;
    let here = "127.0.0.1";
    // Each guess at both codes counts twice; the fifth try is a guess at the newest code alone.
    assert_eq!(guess(&server, here, "000UU").await, 401);
    assert_eq!(guess(&server, here, "000UU").await, 401);
    assert_eq!(guess(&server, here, &typed).await, 401);
    assert_eq!(guess(&server, here, &filled_in).await, 401, "no try is left");
}

#[tokio::test]
async fn the_code_before_the_newest_is_accepted_within_the_overlap() {
    let server = server(&[("ASTEROID_CODES__OVERLAP", "1s")]).await;
    server.user(EMAIL, "a fine long password").await;
    let older = sign_in_code(&server, "v1").await;
    let newer = sign_in_code(&server, "v2").await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(guess(&server, "127.0.0.1", &older).await, 401);
    assert_eq!(guess(&server, "127.0.0.1", &newer).await, 200);

    let server = self::server(&[]).await;
    server.user(EMAIL, "a fine long password").await;
    let older = sign_in_code(&server, "v1").await;
    sign_in_code(&server, "v2").await;
    assert_eq!(guess(&server, "127.0.0.1", &older).await, 200);
}

#[tokio::test]
async fn a_requester_is_known_by_the_network() {
    let server = server(&[]).await;
    let body = registration(EMAIL, "a fine long password");
    let register = post_from(&server, "2001:db8:0:1::1", "/v1/auth/register", &body).await;
    assert_eq!(register.status, 200);
    let code = server.code(EMAIL, "registration_code").await;
    for _ in 0..3 {
        assert_eq!(guess(&server, "2001:db8:0:2::1", "000UU").await, 401);
    }
    assert_eq!(guess(&server, "2001:db8:0:2::1", &code).await, 401, "no guess is left for other networks");
    assert_eq!(guess(&server, "2001:db8:0:1:ffff::2", &code).await, 200, "another address of the requester");
}

#[tokio::test]
async fn codes_go_to_phone_numbers_of_served_countries_only() {
    let server = Server::start_with(&[("ASTEROID_LIMITS__SENDS__PER_MINUTE", "10")]).await;
    let body = |phone: &str| {
        let mut body = registration(EMAIL, "a fine long password");
        body.as_object_mut().expect("an object").remove("email");
        body["phone"] = json!(phone);
        body
    };
    let refused = ["+49 30 123456", "+1 416 555 0123", "+870 773 111 632", "+882 16 5550 1234"];
    for phone in refused {
        for (path, body) in [
            ("/v1/auth/register", body(phone)),
            ("/v1/auth/verification_codes/send", json!({"phone": phone})),
            ("/v2/auth/verification_codes/send", json!({"phone": phone})),
            ("/v1/auth/password/forgot", json!({"contact": phone})),
        ] {
            let answer = server.post(path, &body).await;
            assert_eq!(answer.status, 422, "{phone} {path} {}", answer.text);
            let error = &answer.json()["error"]["validation_messages"]["phone"][0];
            assert_eq!(error["code"], "country_not_supported", "{phone} {path} {}", answer.text);
            assert_eq!(error["message"], "Codes are sent to phone numbers of these countries only: US.");
        }
    }
    assert_eq!(server.post("/v1/auth/register", &body("555-665-4345")).await.status, 200);
    let settings = [("ASTEROID_SMS__COUNTRIES", "DE,CA")];
    let server = Server::start_with(&settings).await;
    for (phone, status) in [("+49 30 123456", 200), ("+1 416 555 0123", 200), ("555-665-4345", 422)] {
        assert_eq!(server.post("/v1/auth/register", &body(phone)).await.status, status, "{phone}");
    }
    let server = Server::start().await;
    assert_eq!(server.post("/v1/auth/register", &body("+49 30 123456")).await.status, 200, "limits are off");
}

#[tokio::test]
async fn contacts_of_a_channel_that_is_off_are_refused() {
    let phone = "555-665-4345";
    for (setting, off, on, message) in [
        (
            "ASTEROID_SMS__URL",
            ("phone", phone),
            ("email", EMAIL),
            "No SMS is sent to users here: use an e-mail address.",
        ),
        (
            "ASTEROID_EMAIL__URL",
            ("email", EMAIL),
            ("phone", phone),
            "No e-mail is sent to users here: use a phone number.",
        ),
    ] {
        let server = Server::start_with(&[(setting, "none:")]).await;
        let body = |(field, contact): (&str, &str)| {
            let mut body = registration(EMAIL, "a fine long password");
            body.as_object_mut().expect("an object").remove("email");
            body[field] = json!(contact);
            body
        };
        for (path, field, body) in [
            ("/v1/auth/register", off.0, body(off)),
            ("/v1/auth/verification_codes/send", off.0, json!({off.0: off.1})),
            ("/v2/auth/verification_codes/send", off.0, json!({off.0: off.1})),
            ("/v1/auth/password/forgot", "contact", json!({"contact": off.1})),
        ] {
            let answer = server.post(path, &body).await;
            assert_eq!(answer.status, 422, "{path} {}", answer.text);
            let errors = &answer.json()["error"]["validation_messages"];
            assert_eq!(
                *errors,
                json!({field: [{"code": "channel_not_offered", "message": message}]}),
                "{path}"
            );
        }
        let both =
            server.post("/v1/auth/verification_codes/send", &json!({"email": EMAIL, "phone": phone})).await;
        assert_eq!(both.status, 422, "{}", both.text);
        assert_eq!(server.post("/v1/auth/register", &body(on)).await.status, 200);
    }
}
