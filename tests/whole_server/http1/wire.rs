//! Bytes on a socket: upgrades, unencoded targets, and malformed requests.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::Server;

/// The longest wait for a response on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The fields that Java's `HttpClient` sends with every request without TLS.
const H2C: &str = "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n\
                   Upgrade: h2c\r\n";

struct Connection(TcpStream);

/// A raw response.
struct Raw {
    head: String,
    body: String,
}

impl Connection {
    async fn open(server: &Server) -> Self {
        Self(TcpStream::connect(server.address()).await.expect("a connection"))
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.expect("written");
    }

    /// Reads one response.
    async fn answer(&mut self) -> Raw {
        tokio::time::timeout(TIMEOUT, self.read()).await.expect("an answer in time")
    }

    async fn read(&mut self) -> Raw {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(
                self.0
                    .read_u8()
                    .await
                    .unwrap_or_else(|error| panic!("{error} after {:?}", String::from_utf8_lossy(&head))),
            );
        }
        let head = String::from_utf8(head).expect("ASCII").to_lowercase();
        let length =
            head.split_once("content-length: ").map_or("0", |(_, rest)| rest.lines().next().expect("a line"));
        let mut body = vec![0; length.parse().expect("a length")];
        self.0.read_exact(&mut body).await.expect("a body");
        Raw { head, body: String::from_utf8(body).expect("UTF-8") }
    }

    /// Waits until the server closes the connection. Returns what it sent before that.
    async fn rest(mut self) -> String {
        let mut rest = String::new();
        let read = self.0.read_to_string(&mut rest);
        tokio::time::timeout(TIMEOUT, read).await.expect("the connection is closed").expect("and not reset");
        rest
    }
}

impl Raw {
    fn status(&self) -> &str {
        self.head.split(' ').nth(1).expect("a status")
    }

    fn has(&self, field: &str) -> bool {
        self.head.lines().any(|line| line == field)
    }
}

fn sign_in(fields: &str) -> String {
    let body = json!({"contact": "bob@example.com", "password": "a fine long password"}).to_string();
    format!(
        "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{fields}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_http_upgrade_is_declined_and_the_connection_stays_open() {
    let server = Server::start().await;
    server.user("bob@example.com", "a fine long password").await;
    for fields in [
        H2C,
        "Connection: upgrade\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        "Connection: upgrade\r\nUpgrade: TLS/1.0\r\n",
        "Connection: keep-alive, Upgrade\r\nUpgrade: h2c, websocket\r\n",
        "Upgrade: websocket\r\n",
        "",
    ] {
        let mut connection = Connection::open(&server).await;
        for _ in 0..3 {
            connection.send(sign_in(fields)).await;
            let answer = connection.answer().await;
            assert_eq!(answer.status(), "200", "{fields}: {}{}", answer.head, answer.body);
            assert!(!answer.head.contains("\r\nconnection:"), "{fields}: {}", answer.head);
        }
        connection.send(format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{fields}\r\n").as_bytes()).await;
        assert_eq!(connection.answer().await.status(), "200", "{fields}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_with_connection_close_closes_the_connection() {
    let server = Server::start().await;
    server.user("bob@example.com", "a fine long password").await;
    for fields in
        ["Connection: close, Upgrade\r\nUpgrade: h2c\r\n", "Connection: close\r\nConnection: upgrade\r\n"]
    {
        let mut connection = Connection::open(&server).await;
        connection.send(sign_in(fields)).await;
        let answer = connection.answer().await;
        assert!(answer.status() == "200" && answer.has("connection: close"), "{}", answer.head);
        assert_eq!(connection.rest().await, "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_upgrade_requests_share_one_connection() {
    let server = Server::start().await;
    let head = "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let request = format!("{head}Content-Length: 2\r\n{H2C}\r\n{{}}");
    let mut connection = Connection::open(&server).await;
    for _ in 0..2000 {
        connection.send(&request).await;
        assert_eq!(connection.answer().await.status(), "422");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_http_client_of_java_posts_two_thousand_times_without_a_failure() {
    let server = Server::start().await;
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/whole_server/http1/Post.java");
    let url = server.url("/v1/auth/login");
    let posted = tokio::task::spawn_blocking(move || Command::new("java").args([source, &url]).output());
    match posted.await.expect("it runs") {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(told.trim(), "2000 answers, 0 failures");
        }
        // The tests above send the same bytes.
        Err(error) => println!("skipped: java does not run here ({error})"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unencoded_letters_in_a_query_are_percent_encoded() {
    let server = Server::start().await;
    let client = |id: &str, name: &str| json!({"sourceId": 1, "clientId": id, "practiceId": 1, "firstName": "A", "lastName": name});
    let imported = server.import(&json!({
        "practices": [{"practiceId": 1, "sourceId": 1, "name": "Fenwick", "slug": "fenwick", "pms": "Vetter", "timeZone": "UTC"}],
        "users": [{"email": "staff@example.com", "password": "quiet-parrot-at-dawn", "name": "Ada Quill",
            "primaryRole": "staff", "roles": ["staff"], "practiceId": 1}],
        "clients": [client("1", "Müller"), client("2", "O’Brien"), client("3", "名前"), client("4", "Miller")],
    }));
    assert!(imported.status.success(), "{imported:?}");
    let body = json!({"user": {"email": "staff@example.com", "password": "quiet-parrot-at-dawn"}});
    let token =
        server.post("/users/sign_in", &body).await.json()["token"].as_str().expect("a token").to_owned();
    let accepted = server.request(reqwest::Method::POST, "/terms", Some(&token), None).await;
    assert_eq!(accepted.expect("an answer").status, 200);
    let mut connection = Connection::open(&server).await;
    for (target, found) in [
        ("/clients?limit=9&q=Müller", vec!["1"]),
        ("/clients?limit=9&q=M%C3%BCller", vec!["1"]),
        ("/clients?q=O’Br&limit=9", vec!["2"]),
        ("/clients?limit=9&q=名", vec!["3"]),
        ("/clients?limit=9&q=\"M\"", vec![]),
        ("/clients?limit=9&q=<M>", vec![]),
    ] {
        connection
            .send(
                format!("GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n")
                    .as_bytes(),
            )
            .await;
        let answer = connection.answer().await;
        assert_eq!(answer.status(), "200", "{target}: {}", answer.body);
        let clients: Value = serde_json::from_str(&answer.body).expect("JSON");
        let ids: Vec<&str> = clients
            .as_array()
            .expect("a list")
            .iter()
            .map(|client| client["clientId"].as_str().expect("an id"))
            .collect();
        assert_eq!(ids, found, "{target}");
        assert!(answer.head.contains("\r\nx-request-id: "), "{target}");
    }
    // Bytes that are not UTF-8 are a validation error of the parameter.
    let latin_1 = [
        b"GET /clients?q=M\xfcller HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ",
        token.as_bytes(),
        b"\r\n\r\n",
    ];
    connection.send(latin_1.concat()).await;
    let answer = connection.answer().await;
    assert_eq!(answer.status(), "422");
    assert!(answer.body.starts_with(r#"{"errors":{"q":"#), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_request_is_answered_in_the_envelope_and_logged() {
    let server = Server::start().await;
    let long_field =
        format!("GET /v1/auth/me HTTP/1.1\r\nHost: a\r\nX-Request-Id: id-7\r\nX: {}", "x".repeat(200_000));
    let many_fields =
        format!("GET /terms HTTP/1.1\r\nHost: a\r\nX-Request-Id: id-8\r\n{}\r\n", "X: y\r\n".repeat(97));
    let long_target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(150_000));
    for (request, status, code, id) in [
        ("GET /v1/auth/me HTTP/1.1\r\nX-Request-Id: id-1\r\n\r\n", "400", "MALFORMED_REQUEST", Some("id-1")),
        ("GET /users/current HTTP/1.1\r\nX-Request-Id: id-2\r\n\r\n", "400", "", Some("id-2")),
        (
            "GET /clients HTTP/1.1\r\nHost: a\r\nHost: b\r\nX-Request-Id: id-3\r\n\r\n",
            "400",
            "",
            Some("id-3"),
        ),
        (
            "GET nowhere HTTP/1.1\r\nHost: a\r\nX-Request-Id: id-4\r\n\r\n",
            "400",
            "MALFORMED_REQUEST",
            Some("id-4"),
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: id-5\r\nno field\r\n\r\n",
            "400",
            "MALFORMED_REQUEST",
            Some("id-5"),
        ),
        (
            "POST /terms HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\nX-Request-Id: id-6\r\n\r\n",
            "400",
            "",
            Some("id-6"),
        ),
        (&long_field, "431", "HEADERS_TOO_LARGE", Some("id-7")),
        (&many_fields, "431", "", Some("id-8")),
        (&long_target, "414", "TARGET_TOO_LONG", None),
        ("\u{16}\u{3}\u{1}\r\n\r\n", "400", "MALFORMED_REQUEST", None),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400", "MALFORMED_REQUEST", None),
    ] {
        let shown = &request[..request.len().min(80)];
        let mut connection = Connection::open(&server).await;
        connection.send(request).await;
        let answer = connection.answer().await;
        assert_eq!(answer.status(), status, "{shown:?}: {}", answer.head);
        assert!(answer.has("connection: close"), "{shown:?}: {}", answer.head);
        assert!(answer.has("content-type: application/json; charset=utf-8"), "{shown:?}: {}", answer.head);
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        let told = if code.is_empty() { &body["error"] } else { &body["error"]["message"] };
        assert!(told.is_string(), "{shown:?}: {body}");
        assert_eq!(body["error"]["code"].as_str().unwrap_or_default(), code, "{shown:?}: {body}");
        let (_, request_id) = answer.head.split_once("x-request-id: ").expect("a request id");
        let request_id = request_id.lines().next().expect("a line").to_owned();
        assert!(id.is_none_or(|id| id == request_id), "{shown:?}: {request_id}");
        assert_eq!(connection.rest().await, "", "{shown:?}");
        assert!(server.log().contains(&request_id), "{shown:?} has a line in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_request_is_answered_after_pipelined_requests() {
    let server = Server::start().await;
    server.user("bob@example.com", "a fine long password").await;
    let mut connection = Connection::open(&server).await;
    connection
        .send(
            sign_in("")
                + &sign_in("")
                + "GET /terms HTTP/1.1\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .await;
    for status in ["200", "200", "400"] {
        assert_eq!(connection.answer().await.status(), status);
    }
    assert_eq!(connection.rest().await, "", "bytes after a malformed request are not parsed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn header_timeout_applies_to_every_request_of_a_connection() {
    let server = Server::start_with(&[("ASTEROID_HTTP__HEADER_TIMEOUT", "1s")]).await;
    let mut connection = Connection::open(&server).await;
    connection.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(connection.answer().await.status(), "200");
    connection.send("GET /users/current HTTP/1.1\r\nX-Request-Id: slow-1\r\nHost:").await;
    let answer = connection.answer().await;
    assert_eq!(answer.status(), "408");
    assert_eq!(answer.body, r#"{"error":"The header fields did not arrive in time."}"#);
    assert!(answer.has("x-request-id: slow-1") && answer.has("connection: close"), "{}", answer.head);
    assert_eq!(connection.rest().await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_1_0_expect_and_chunked_trailer_fields_are_supported() {
    let server = Server::start().await;
    server.user("bob@example.com", "a fine long password").await;
    let whole = sign_in("");
    let (_, body) = whole.split_once("\r\n\r\n").expect("a body");

    let mut connection = Connection::open(&server).await;
    let request = sign_in("").replace("HTTP/1.1\r\nHost: localhost", "HTTP/1.0");
    connection.send(request).await;
    assert_eq!(connection.answer().await.status(), "200");
    assert_eq!(connection.rest().await, "");

    let mut connection = Connection::open(&server).await;
    let request = sign_in("Expect: 100-continue\r\n");
    let (head, _) = request.split_once('{').expect("a body");
    connection.send(head).await;
    assert_eq!(connection.answer().await.status(), "100");
    connection.send(body).await;
    assert_eq!(connection.answer().await.status(), "200");

    let (first, second) = body.split_at(9);
    let chunks = format!("9;a=b\r\n{first}\r\n{:X}\r\n{second}\r\n0\r\nX-Trailer: 1\r\n\r\n", second.len());
    let head = "POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    for _ in 0..2 {
        connection.send(format!("{head}{chunks}").as_bytes()).await;
        assert_eq!(connection.answer().await.status(), "200");
    }
    connection.send(format!("{head}x\r\n").as_bytes()).await;
    let answer = connection.answer().await;
    assert!(answer.status() == "400" && answer.has("connection: close"), "{}", answer.head);
    assert!(answer.body.contains("MALFORMED_JSON"), "{}", answer.body);
    assert_eq!(connection.rest().await, "", "no second response follows");
}
