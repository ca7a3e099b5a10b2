//! Rate limits with the default settings.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Server, registration};

#[tokio::test]
async fn rate_limit_of_codes_is_one_a_minute_for_known_and_unknown_contacts() {
    let server = Server::start_with(&[]).await;
    for email in ["martha@example.com", "unknown@example.com"] {
        let send = json!({"email": email});
        let first = server.post("/v1/auth/verification_codes/send", &send).await;
        assert_eq!((first.status.as_u16(), first.text.as_str()), (204, ""));
        for path in ["/v1/auth/verification_codes/send", "/v2/auth/verification_codes/send"] {
            let second = server.post(path, &send).await;
            assert_eq!(second.status, 429);
            let wait: u64 = second.header("retry-after").expect("a wait").parse().expect("seconds");
            assert!((1..=60).contains(&wait), "{wait}");
            assert!(second.header("ratelimit").is_some());
            assert_eq!(second.json()["error"]["code"], "TOO_MANY_REQUESTS");
        }
        let forgot = server.post("/v1/auth/password/forgot", &json!({"contact": email})).await;
        assert_eq!(forgot.status, 429, "one rate limit for all routes that send a code");
        let register = server.post("/v1/auth/register", &registration(email, "a fine long password")).await;
        assert_eq!(register.status, 429);
    }
}

#[tokio::test]
async fn networks_have_a_limit_of_codes_and_of_registrations() {
    let settings = [
        ("ASTEROID_HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"),
        ("ASTEROID_LIMITS__SENDS__PER_NETWORK_PER_HOUR", "3"),
        ("ASTEROID_LIMITS__REGISTRATIONS__PER_NETWORK_PER_HOUR", "2"),
    ];
    let server = Server::start_with(&settings).await;
    let post = |path: &str, ip: &str, body: &serde_json::Value| {
        server.client.post(server.url(path)).header("x-forwarded-for", ip).json(body).send()
    };
    let mut statuses = Vec::new();
    for n in 0..3 {
        let body = registration(&format!("martha-{n}@example.com"), "a fine long password");
        let answer = post("/v1/auth/register", "2001:db8:0:1::1", &body).await.expect("an answer");
        statuses.push(answer.status().as_u16());
        if n == 2 {
            assert!(answer.headers().contains_key("retry-after"));
        }
    }
    assert_eq!(statuses, [200, 200, 429]);
    let mut statuses = Vec::new();
    for n in 0..2 {
        let body = json!({"email": format!("nobody-{n}@example.com")});
        let send = "/v1/auth/verification_codes/send";
        statuses.push(post(send, "2001:db8:0:1:ffff::2", &body).await.expect("an answer").status().as_u16());
    }
    assert_eq!(statuses, [204, 429], "codes of registrations count, and those to anybody");
    let body = registration("martha-3@example.com", "a fine long password");
    let elsewhere = post("/v1/auth/register", "2001:db8:0:2::1", &body).await.expect("an answer");
    assert_eq!(elsewhere.status(), 200, "another network");
}

#[tokio::test]
async fn rate_limits_survive_a_crash() {
    let mut server = Server::start_with(&[]).await;
    let send = json!({"email": "martha@example.com"});
    assert_eq!(server.post("/v1/auth/verification_codes/send", &send).await.status, 204);
    server.crash_and_restart().await;
    assert_eq!(server.post("/v1/auth/verification_codes/send", &send).await.status, 429);
}

#[tokio::test]
async fn wrong_passwords_delay_an_unfamiliar_address_and_not_the_owner() {
    // Behind a proxy, so that stranger and owner have different addresses.
    // The first back-off is longer than any pause of a busy machine.
    let settings = [
        ("ASTEROID_HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"),
        ("ASTEROID_LIMITS__WRONG_PASSWORDS__FIRST_WAIT", "1m"),
    ];
    let server = Server::start_with(&settings).await;
    let sign_in = |password: &'static str, ip: &'static str| {
        let body = json!({"contact": "martha@example.com", "password": password}).to_string();
        let request = server.client.request(Method::POST, server.url("/v1/auth/login"));
        let request = request.header("content-type", "application/json").header("x-forwarded-for", ip);
        async move { request.body(body).send().await.expect("an answer").status().as_u16() }
    };
    server.user("martha@example.com", "a fine long password").await;
    assert_eq!(sign_in("a fine long password", "192.0.2.1").await, 200);
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(sign_in("a wrong password", "198.51.100.7").await);
    }
    // Five attempts are admitted: four without a delay, and the one that starts the back-off.
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
    assert_eq!(
        sign_in("a fine long password", "198.51.100.7").await,
        429,
        "the right password too, from that address"
    );
    assert_eq!(
        sign_in("a fine long password", "192.0.2.1").await,
        200,
        "the owner is let in from a familiar place"
    );
    let unknown = json!({"contact": "unknown@example.com", "password": "a wrong password"});
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(server.post("/v1/auth/login", &unknown).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429], "the same for an unknown contact");
}

#[tokio::test]
async fn strangers_cannot_use_up_the_guesses_of_the_requester() {
    let settings =
        [("ASTEROID_HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"), ("ASTEROID_LIMITS__ENABLED", "false")];
    let server = Server::start_with(&settings).await;
    let verify = |code: String, ip: &'static str| {
        let body = json!({"contact": "martha@example.com", "code": code}).to_string();
        let request = server.client.post(server.url("/v1/auth/verification_codes/verify"));
        let request = request.header("content-type", "application/json").header("x-forwarded-for", ip);
        async move { request.body(body).send().await.expect("an answer").status().as_u16() }
    };
    let body = registration("martha@example.com", "a fine long password");
    assert_eq!(server.post("/v1/auth/register", &body).await.status, 200);
    let code = server.code("martha@example.com", "registration_code").await;
    for n in 0..20 {
        assert_eq!(verify(format!("{n:03}UU"), "198.51.100.7").await, 401);
    }
    assert_eq!(verify(code.clone(), "198.51.100.7").await, 401, "not even the right code, from that address");
    assert_eq!(verify("000UU".into(), "127.0.0.1").await, 401);
    assert_eq!(verify(code, "127.0.0.1").await, 200);
}
