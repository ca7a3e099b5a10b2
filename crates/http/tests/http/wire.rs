//! Over a socket: what the layers below the routes do with bodies and `HEAD`.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use asteroid_application::mocks::MockAccounts;
use asteroid_http::wire::{self, WireSettings};
use asteroid_http::{HttpSettings, app};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{TOKEN, parts, signed_in_accounts, signed_in_user};

/// How long the server may take to close a connection.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

struct Server {
    address: SocketAddr,
    handle: ServerHandle,
}

impl Server {
    fn start(accounts: MockAccounts, settings: HttpSettings) -> Self {
        let parts = parts(accounts, settings);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let connections = WireSettings {
            header_timeout: CLOSE_TIMEOUT,
            header_limit: parts.settings.header_limit,
            keep_alive: 4 * CLOSE_TIMEOUT,
            write_timeout: Duration::from_secs(20),
        };
        let builder = actix_server::Server::build().workers(1).disable_signals();
        let server = wire::listen("http", builder, listener, connections, move || app(&parts))
            .expect("a listener")
            .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { address, handle }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("the server listens")
    }

    /// All bytes until the server closes the connection.
    async fn ask(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.expect("the server reads");
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        tokio::time::timeout(CLOSE_TIMEOUT, read)
            .await
            .expect("the connection is closed")
            .expect("an answer");
        answer
    }

    async fn stop(self) {
        self.handle.stop(false).await;
    }
}

fn login(headers: &str, body: &str) -> String {
    format!(
        "POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{headers}\r\n{body}"
    )
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).expect("a status line")
}

#[actix_web::test]
async fn a_content_length_over_the_body_limit_is_refused_before_the_body_is_read() {
    let server = Server::start(MockAccounts::new(), HttpSettings::default());
    // No body follows: the server does not wait for one.
    let answer = server.ask(&login("Content-Length: 16385\r\n", "")).await;
    assert_eq!(status(&answer), "413", "{answer}");
    assert!(answer.contains("PAYLOAD_TOO_LARGE") && answer.contains("connection: close"), "{answer}");
    server.stop().await;
}

#[actix_web::test]
async fn a_chunked_body_is_read_up_to_the_body_limit() {
    let server = Server::start(MockAccounts::new(), HttpSettings::default());
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    let answer = server.ask(&login("Transfer-Encoding: chunked\r\n", &chunk.repeat(5))).await;
    assert_eq!(status(&answer), "413", "{answer}");
    server.stop().await;
}

#[actix_web::test]
async fn a_body_that_never_ends_does_not_keep_its_connection_open() {
    let settings = HttpSettings { body_timeout: Duration::from_millis(100), ..HttpSettings::default() };
    let server = Server::start(MockAccounts::new(), settings);
    for (path, expected) in [("/v1/auth/login", "408"), ("/nowhere", "404"), ("/v1/auth/logout", "401")] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n");
        let answer = server.ask(&format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n")).await;
        assert_eq!(status(&answer), expected, "{answer}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_complete_chunked_body_keeps_the_connection_open() {
    let mut accounts = MockAccounts::new();
    accounts.expect_sign_in().times(2).returning(|_| Ok(signed_in_user()));
    let server = Server::start(accounts, HttpSettings::default());
    let body = r#"{"contact": "g@example.com", "password": "5VphcVNdGhJi"}"#;
    let chunks = format!("1\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n", &body[..1], body.len() - 1, &body[1..]);
    let request = login("Transfer-Encoding: chunked\r\n", &chunks);
    let last = login("Transfer-Encoding: chunked\r\nConnection: close\r\n", &chunks);
    let answers = server.ask(&(request + &last)).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    server.stop().await;
}

#[actix_web::test]
async fn a_body_that_does_not_arrive_times_out() {
    let settings = HttpSettings { body_timeout: Duration::from_millis(100), ..HttpSettings::default() };
    let server = Server::start(MockAccounts::new(), settings);
    let answer = server.ask(&login("Content-Length: 10\r\n", "{\"a\"")).await;
    assert_eq!(status(&answer), "408", "{answer}");
    assert!(answer.contains("REQUEST_TIMEOUT") && answer.contains("x-request-id"), "{answer}");
    server.stop().await;
}

#[actix_web::test]
async fn an_incomplete_body_is_refused_as_malformed() {
    let server = Server::start(MockAccounts::new(), HttpSettings::default());
    let answer = server.ask(&login("Transfer-Encoding: chunked\r\n", "x\r\n")).await;
    assert_eq!(status(&answer), "400", "{answer}");
    server.stop().await;
}

#[actix_web::test]
async fn a_client_that_disconnects_does_not_affect_other_requests() {
    let server = Server::start(MockAccounts::new(), HttpSettings::default());
    for _ in 0..3 {
        let mut stream = server.connect().await;
        stream.write_all(login("Content-Length: 10\r\n", "{").as_bytes()).await.expect("the server reads");
    }
    let answer = server.ask("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status(&answer), "200", "{answer}");
    server.stop().await;
}

#[actix_web::test]
async fn head_has_the_header_fields_of_get_and_no_body() {
    let mut accounts = signed_in_accounts();
    accounts.expect_list_sessions().returning(|_| Ok(Vec::new()));
    let server = Server::start(accounts, HttpSettings::default());
    for path in ["/healthz", "/docs", "/v1/auth/sessions"] {
        let request = |method| {
            let token = format!("Authorization: Bearer {TOKEN}\r\nX-Request-Id: r-1");
            format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{token}\r\n\r\n")
        };
        let (get, head) = (server.ask(&request("GET")).await, server.ask(&request("HEAD")).await);
        let fields = |answer: &str| {
            let (fields, body) = answer.split_once("\r\n\r\n").expect("an answer");
            let fields = fields.split("\r\n").filter(|field| !field.starts_with("date"));
            let mut fields: Vec<String> = fields.map(str::to_owned).collect();
            fields.sort();
            (fields, body.len())
        };
        let ((get_fields, get_length), (head_fields, head_length)) = (fields(&get), fields(&head));
        assert_eq!(get_fields, head_fields, "{path}");
        assert!(get_length > 0 && head_length == 0, "{path}");
    }
    server.stop().await;
}
