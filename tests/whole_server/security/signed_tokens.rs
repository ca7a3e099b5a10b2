//! Signed tokens: forged ones are rejected, and a key rotation keeps valid ones.

use serde_json::{Value, json};

use crate::harness::Server;

const PASSWORD: &str = "a fine long password";

async fn sign_in(server: &Server) -> String {
    let body = json!({"user": {"email": "martha@example.com", "password": PASSWORD}});
    let answer = server.post("/users/sign_in", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["token"].as_str().expect("a token").to_owned()
}

/// The token with one of its three parts replaced.
fn with_part(token: &str, index: usize, part: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[index] = part;
    parts.join(".")
}

#[tokio::test]
async fn forged_tokens_are_rejected() {
    let server = Server::start().await;
    server.user("martha@example.com", PASSWORD).await;
    let good = sign_in(&server).await;
    // {"alg":"none"}, {"alg":"HS512","typ":"JWT"}, {"alg":"RS256","typ":"JWT"}
    let headers = [
        "eyJhbGciOiJub25lIn0",
        "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9",
        "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9",
    ];
    let mut bad: Vec<String> = headers.iter().map(|header| with_part(&good, 0, header)).collect();
    bad.extend(headers.iter().map(|header| with_part(&with_part(&good, 0, header), 2, "")));
    bad.extend([
        good[..good.len() - 1].to_owned(),
        good[1..].to_owned(),
        format!("{good}="),
        format!("{good}.{good}"),
        good.replace('.', ""),
        with_part(&good, 1, "e30"),
        with_part(&good, 1, ""),
        with_part(&good, 2, ""),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "x".repeat(4000),
        "eyJ".repeat(2700),
    ]);
    // Every other last character, and every other first character of the signature.
    let signature = good.rsplit('.').next().expect("a signature");
    for letter in ["A", "B", "-", "_"] {
        if !signature.starts_with(letter) {
            bad.push(with_part(&good, 2, &format!("{letter}{}", &signature[1..])));
        }
    }
    for token in &bad {
        for path in ["/users/current", "/v1/auth/me", "/clients", "/terms"] {
            let answer = server.get(path, Some(token)).await;
            assert_eq!(answer.status, 401, "{path} {token}: {}", answer.text);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""), "{token}");
        }
    }
    assert_eq!(server.get("/users/current", Some(&good)).await.status, 200);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn a_key_rotation_ends_no_session() {
    let mut server = Server::start().await;
    server.user("martha@example.com", PASSWORD).await;
    let before = sign_in(&server).await;
    let rotated = server.run(&["keys", "rotate", "--json"]);
    assert!(rotated.status.success(), "{rotated:?}");
    assert_eq!(
        server.get("/users/current", Some(&before)).await.status,
        200,
        "nothing changes until the next start"
    );
    assert!(server.stop().success());
    server.restart().await;
    let after = sign_in(&server).await;
    let kid = |token: &str| token.split('.').next().map(str::to_owned);
    assert_ne!(kid(&before), kid(&after), "the new key signs");
    for token in [&before, &after] {
        assert_eq!(server.get("/users/current", Some(token)).await.status, 200);
    }
    let keys = std::fs::read_to_string(server.folder().join("keys.json")).expect("the keys");
    let keys: Value = serde_json::from_str(&keys).expect("JSON");
    assert_eq!(keys["tokens"].as_array().map(Vec::len), Some(2));
}
