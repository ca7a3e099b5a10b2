//! Graceful shutdown and restart.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;

use crate::harness::{Server, registration};

const VERIFY: &str = "/v1/auth/verification_codes/verify";

#[tokio::test]
async fn a_restart_keeps_users_sessions_and_codes() {
    let mut server = Server::start().await;
    let token = server.user("martha@example.com", "a fine long password").await;
    assert_eq!(
        server
            .post("/v1/auth/register", &registration("late@example.com", "a fine long password"))
            .await
            .status,
        200
    );
    let code = server.code("late@example.com", "registration_code").await;
    assert!(server.stop().success(), "a requested shutdown exits with 0");
    server.restart().await;
    let me = server.get("/v1/auth/me", Some(&token)).await;
    assert_eq!(
        (me.status.as_u16(), me.json()["emails"]["data"][0]["email"].as_str()),
        (200, Some("martha@example.com"))
    );
    let verified = server.post(VERIFY, &json!({"contact": "late@example.com", "code": code})).await;
    assert_eq!(verified.status, 200, "codes are derived with the same keys: {}", verified.text);
    server.sign_in("MARTHA@example.com", "a fine long password").await.token();
}

#[tokio::test]
async fn graceful_shutdown_answers_accepted_requests() {
    // On a busy machine the last of the hashes waits longer than the default.
    let settings = [("ASTEROID_LIMITS__ENABLED", "false"), ("ASTEROID_PASSWORDS__HASHING__MAX_WAIT", "9s")];
    let mut server = Server::start_with(&settings).await;
    server.user("martha@example.com", "a fine long password").await;
    let mut sign_ins = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (client, url) = (server.client.clone(), server.url("/v1/auth/login"));
        let body = json!({"contact": "martha@example.com", "password": "a fine long password"}).to_string();
        sign_ins.spawn(async move {
            client
                .post(url)
                .header("content-type", "application/json")
                .body(body)
                .send()
                .await
                .map(|r| r.status())
        });
    }
    // The first is answered, and most of the others are in flight.
    while !server.log().contains("route=\"/v1/auth/login\"") {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    assert!(server.stop().success());
    let mut answered = 0;
    while let Some(sign_in) = sign_ins.join_next().await {
        match sign_in.expect("no panic") {
            Ok(status) => {
                assert_eq!(status, 200);
                answered += 1;
            }
            // Rejected before it was accepted: never cut off.
            Err(error) => assert!(error.is_connect() || error.is_request(), "{error:?}"),
        }
    }
    assert!(answered > 0, "the server had accepted some by then");
}

/// What clients send before the shutdown without going on, and how many seconds a server takes at most to stop.
const SLOW_CLIENTS: [(&str, u64); 4] = [
    ("", 5),
    ("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Half:", 5),
    (
        "POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
        5,
    ),
    ("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 5),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn graceful_shutdown_waits_for_no_slow_client() {
    let unread = "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20);
    for (sent, limit) in SLOW_CLIENTS.into_iter().chain([(unread.as_str(), 10)]) {
        let mut server = Server::start().await;
        let mut clients = Vec::new();
        for _ in 0..200 {
            let socket = TcpSocket::new_v4().expect("a socket");
            // So that little fits between the server and a client that does not read.
            socket.set_recv_buffer_size(4096).expect("a small buffer");
            let (host, port) = server.address();
            let address = format!("{host}:{port}").parse().expect("an address");
            let mut client = socket.connect(address).await.expect("a connection");
            client.write_all(sent.as_bytes()).await.expect("sent");
            clients.push(client);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let start = Instant::now();
        assert!(server.stop().success(), "{sent:?}\n{}", server.log());
        let took = start.elapsed();
        eprintln!("200 clients that sent {:?}: stopped in {took:?}", &sent[..sent.len().min(40)]);
        assert!(took < Duration::from_secs(limit), "{sent:?}: {took:?}");
    }
}
