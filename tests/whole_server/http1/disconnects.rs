//! Clients that disconnect leave no open transaction, no panic, and no partial write.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Server, registration};

fn raw(method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> String {
    let body = body.map(Value::to_string).unwrap_or_default();
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{token}Content-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_disconnect_on_any_route_leaves_the_server_working() {
    let server = Server::start().await;
    let email = "martha@example.com";
    server.user(email, "a fine long password").await;
    let change = json!({
        "existing_password": "wrong password", "new_password": "an even finer one",
        "new_password_confirmation": "an even finer one",
    });
    let reset = json!({
        "contact": email, "code": "12345", "password": "an even finer one",
        "password_confirmation": "an even finer one",
    });
    let routes: Vec<(&str, &str, Option<Value>)> = vec![
        ("POST", "/v1/auth/register", Some(registration("other@example.com", "a fine long password"))),
        ("POST", "/v1/auth/login", Some(json!({"contact": email, "password": "a fine long password"}))),
        ("GET", "/v1/auth/me", None),
        ("PUT", "/v1/auth/password/change", Some(change)),
        ("POST", "/v1/auth/password/forgot", Some(json!({"contact": email}))),
        ("PUT", "/v1/auth/password/reset", Some(reset)),
        ("POST", "/v1/auth/verification_codes/send", Some(json!({"email": email}))),
        ("POST", "/v2/auth/verification_codes/send", Some(json!({"email": email}))),
        ("POST", "/v1/auth/verification_codes/verify", Some(json!({"contact": email, "code": "12345"}))),
        ("GET", "/v1/auth/sessions", None),
        ("DELETE", "/v1/auth/sessions/00000000-0000-7000-8000-000000000000", None),
        ("POST", "/v1/auth/logout", None),
    ];
    for (method, path, body) in &routes {
        // Each route has its own session, because some routes end it.
        let own = server.sign_in(email, "a fine long password").await.token();
        let request = raw(method, path, Some(&own), body.as_ref());
        for delay in [0, 1, 3, 8, 20] {
            // First a disconnect after the request, then one in the middle of it.
            for text in [request.as_str(), &request[..request.len() - 1], &request[..request.len() / 2]] {
                let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
                stream.write_all(text.as_bytes()).await.expect("written");
                tokio::time::sleep(Duration::from_millis(delay)).await;
                drop(stream);
            }
        }
        let written = server.sign_in(email, "a fine long password").await;
        assert_eq!(written.status, 200, "the store accepts writes after {method} {path}: {}", written.text);
        let me = server.get("/v1/auth/me", Some(&written.token())).await;
        assert_eq!(me.status, 200, "after {method} {path}");
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_timeout_leaves_no_open_transaction() {
    // A hash takes longer than the handler timeout.
    let settings = [
        ("ASTEROID_LIMITS__ENABLED", "false"),
        ("ASTEROID_HTTP__HANDLER_TIMEOUT", "1s"),
        ("ASTEROID_PASSWORDS__HASHING__ITERATIONS", "200"),
    ];
    let server = Server::start_with(&settings).await;
    let mut timed_out = 0;
    for n in 0..4 {
        let body = registration(&format!("user{n}@example.com"), "a fine long password");
        let answer = server.post("/v1/auth/register", &body).await;
        if answer.status == 503 {
            timed_out += 1;
            assert!(answer.header("retry-after").is_some());
            assert_eq!(answer.json()["error"]["code"], "SERVICE_UNAVAILABLE");
        }
    }
    assert!(timed_out > 0, "hashing takes longer than a second");
    let send = server.post("/v1/auth/verification_codes/send", &json!({"email": "a@example.com"})).await;
    assert_eq!(send.status, 204, "the store accepts writes: {}", send.text);
    assert_eq!(server.get("/readyz", None).await.status, 200);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn slow_headers_and_slow_bodies_time_out() {
    let settings = [("ASTEROID_HTTP__HEADER_TIMEOUT", "1s"), ("ASTEROID_HTTP__BODY_TIMEOUT", "1s")];
    let server = Server::start_with(&settings).await;
    let whole =
        raw("POST", "/v1/auth/login", None, Some(&json!({"contact": "a@example.com", "password": "x"})));
    let cut_head = &whole[..20];
    let cut_body = &whole[..whole.len() - 2];
    for text in [cut_head, cut_body] {
        let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
        stream.write_all(text.as_bytes()).await.expect("written");
        let mut answer = String::new();
        let read = tokio::time::timeout(Duration::from_secs(30), stream.read_to_string(&mut answer)).await;
        read.expect("the server ends the connection").expect("read");
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
    }
}
