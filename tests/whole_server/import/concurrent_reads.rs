//! Clients are read, in pages and as one list, while an import inserts, changes and deletes some of them.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::Ipv4Addr;
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::harness::Server;

/// The number of clients. Every fourth one is in no import.
const IDS: usize = 8000;
/// The records of an import batch.
const BATCH: usize = 500;
const PASSWORD: &str = "a fine long password";
/// The longest wait for an event, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The effect of an import on a client.
#[derive(Clone, Copy, PartialEq)]
enum Touch {
    Leaves,
    Changes,
    Deletes,
    Inserts,
}

fn touch(n: usize) -> Touch {
    [Touch::Leaves, Touch::Changes, Touch::Deletes, Touch::Inserts][n % 4]
}

fn id(n: usize) -> String {
    format!("{n:05}")
}

/// Long enough that the list exceeds all buffers between the server and a slow client, so that the server reads from
/// the store while it sends.
fn address() -> String {
    "Pennsylvania Avenue, ".repeat(150)
}

fn record(n: usize, balance: usize, status: &str) -> Value {
    json!({
        "type": "client", "sourceId": 1, "practiceId": 1, "clientId": id(n), "balanceDue": balance, "status": status,
        "address": address(),
        "patients": [{"sourceId": 1, "practiceId": 1, "patientId": n.to_string(), "name": "Pi", "status": "active"}],
    })
}

/// The imported clients in a scattered order.
fn leaping() -> impl Iterator<Item = usize> {
    (0..IDS).map(|i| i * 2477 % IDS).filter(|n| touch(*n) != Touch::Leaves)
}

/// The initial records.
fn base() -> Vec<Value> {
    let practice = json!({
        "type": "practice", "practiceId": 1, "sourceId": 1, "name": "Practice 1", "slug": "practice1",
        "features": [], "timeZone": "UTC", "enterpriseIds": [],
    });
    let staff = json!({
        "type": "user", "name": "Other Staff", "email": "staff@example.com", "password": PASSWORD,
        "primaryRole": "staff", "roles": ["staff"], "practiceId": 1,
    });
    let clients = (0..IDS).filter(|n| touch(*n) != Touch::Inserts).map(|n| record(n, 1, "active"));
    [practice, staff].into_iter().chain(clients).collect()
}

/// The records of the first import.
fn there() -> Vec<Value> {
    let changed = |n| match touch(n) {
        Touch::Leaves | Touch::Changes | Touch::Inserts => record(n, 2, "active"),
        Touch::Deletes => record(n, 1, "deleted"),
    };
    leaping().map(changed).collect()
}

/// The records of the second import.
fn and_back() -> Vec<Value> {
    let changed_back = |n| match touch(n) {
        Touch::Leaves | Touch::Changes | Touch::Deletes => record(n, 1, "active"),
        Touch::Inserts => record(n, 2, "deleted"),
    };
    leaping().map(changed_back).collect()
}

fn lines(records: &[Value]) -> String {
    records.iter().map(|record| record.to_string() + "\n").collect()
}

/// An import that gets its records in steps.
struct SlowImport<'a> {
    server: &'a Server,
    token: &'a str,
    child: Child,
    input: ChildStdin,
    rest: Vec<Value>,
}

impl<'a> SlowImport<'a> {
    fn start(server: &'a Server, token: &'a str, records: Vec<Value>) -> Self {
        let mut command = server.command(&["import", "-", "--format", "ndjson"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the import starts");
        let input = child.stdin.take().expect("its input");
        Self { server, token, child, input, rest: records }
    }

    /// Imports one more batch and waits until it is visible. Returns false if there is none.
    async fn put_batch(&mut self) -> bool {
        let batch: Vec<Value> = self.rest.drain(..BATCH.min(self.rest.len())).collect();
        let Some(last) = batch.last() else { return false };
        tokio::task::block_in_place(|| self.input.write_all(lines(&batch).as_bytes())).expect("taken");
        let (start, path) =
            (Instant::now(), format!("/clients/{}", last["clientId"].as_str().expect("an id")));
        loop {
            let answer = self.server.get(&path, Some(self.token)).await;
            let is_put = match answer.status.as_u16() {
                200 => last["status"] == "active" && answer.json()["balanceDue"] == last["balanceDue"],
                404 => last["status"] == "deleted",
                status => panic!("{status}: {}", answer.text),
            };
            if is_put {
                return true;
            }
            assert!(start.elapsed() < TIMEOUT, "the batch with {path} is not imported");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn finish(mut self) {
        drop(self.input);
        let ended = tokio::task::block_in_place(|| self.child.wait()).expect("the import has ended");
        assert!(ended.success(), "{ended}");
    }
}

/// Checks that each client that is in no import is listed once and unchanged, that each other one is listed at most once,
/// with its old or its new content, and that all are in the order of their ids.
fn check(listed: &[Value], before: &BTreeMap<String, Value>) {
    let ids: Vec<&str> = listed.iter().map(|client| client["clientId"].as_str().expect("an id")).collect();
    assert!(ids.is_sorted_by(|one, next| one < next), "a client is listed twice or out of order");
    let found: BTreeMap<&str, &Value> = ids.iter().copied().zip(listed).collect();
    for n in 0..IDS {
        let id = id(n);
        let found = found.get(id.as_str()).copied();
        match touch(n) {
            Touch::Leaves => assert_eq!(found, before.get(&id), "{id} is not as it was"),
            Touch::Changes => {
                let balance = &found.unwrap_or_else(|| panic!("{id} is missing"))["balanceDue"];
                assert!(*balance == 1 || *balance == 2, "{id}: {balance}");
            }
            Touch::Deletes => {
                assert!(found.is_none_or(|client| client["balanceDue"] == 1), "{id}: {found:?}");
            }
            Touch::Inserts => {
                assert!(found.is_none_or(|client| client["balanceDue"] == 2), "{id}: {found:?}");
            }
        }
    }
    assert!(found.len() <= IDS);
}

/// The number of listed clients that are new or changed.
fn seen_of_the_import(listed: &[Value]) -> usize {
    listed.iter().filter(|client| client["balanceDue"] == 2).count()
}

/// The path of the next page; [`None`] after the last one.
fn next_page(link: Option<&str>) -> Option<String> {
    let (target, relation) = link?.split_once('>')?;
    assert_eq!(relation, "; rel=\"next\"");
    Some(target.trim_start_matches('<').to_owned())
}

/// Reads all pages, with one imported batch between two of them.
async fn walk(server: &Server, token: &str, import: &mut SlowImport<'_>) -> Vec<Value> {
    let mut listed = Vec::new();
    let mut page = Some("/clients?limit=400".to_owned());
    while let Some(path) = page {
        let answer = server.get(&path, Some(token)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        listed.extend_from_slice(answer.json().as_array().expect("a list"));
        page = next_page(answer.header("link"));
        import.put_batch().await;
    }
    listed
}

/// Reads the list slowly, with batches imported in between.
async fn read_slowly(server: &Server, token: &str, import: &mut SlowImport<'_>) -> Vec<Value> {
    // A socket with a small buffer, so that the server cannot be far ahead of the client.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(16 * 1024).expect("a small buffer");
    let mut stream =
        socket.connect((Ipv4Addr::LOCALHOST, server.address().1).into()).await.expect("a connection");
    let request = format!(
        "GET /clients HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("taken");
    let (mut text, mut wanted) = (Vec::new(), 0);
    while stream.read_buf(&mut text).await.expect("the list does not break off") > 0 {
        if text.len() >= wanted {
            import.put_batch().await;
            wanted = text.len() + 100_000;
        }
    }
    let head = text.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    assert!(text.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&text[..head]));
    serde_json::from_slice(&joined(&text[head + 4..])).expect("JSON from its first byte to its last")
}

/// Joins the chunks of a body, which must end with the last chunk (RFC 9112, section 7.1).
fn joined(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let line = body.windows(2).position(|window| window == b"\r\n").expect("a line");
        let size = std::str::from_utf8(&body[..line]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            return whole;
        }
        whole.extend_from_slice(&body[line + 2..line + 2 + size]);
        body = &body[line + 2 + size + 2..];
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_concurrent_with_an_import_miss_no_client_and_repeat_none() {
    let server = Server::start().await;
    std::fs::write(server.folder().join("base.ndjson"), lines(&base())).expect("written");
    let imported = server.run(&["import", "base.ndjson"]);
    assert!(imported.status.success(), "{imported:?}");
    let token = server.sign_in("staff@example.com", PASSWORD).await.token();
    server.request(Method::POST, "/terms", Some(&token), None).await.expect("an answer");
    let before = server.get("/clients", Some(&token)).await.json();
    let before: BTreeMap<String, Value> = before
        .as_array()
        .expect("a list")
        .iter()
        .map(|client| (client["clientId"].as_str().expect("an id").to_owned(), client.clone()))
        .collect();
    assert_eq!(before.len(), IDS / 4 * 3);

    let mut import = SlowImport::start(&server, &token, there());
    let listed = walk(&server, &token, &mut import).await;
    check(&listed, &before);
    let seen = seen_of_the_import(&listed);
    assert!((1..IDS / 2).contains(&seen), "some of the import was put behind the walk: {seen}");
    while import.put_batch().await {}
    import.finish();

    let mut import = SlowImport::start(&server, &token, and_back());
    let listed = read_slowly(&server, &token, &mut import).await;
    check(&listed, &before);
    let left = seen_of_the_import(&listed);
    assert!((1..IDS / 2).contains(&left), "some of the import was put behind the list: {left}");
    while import.put_batch().await {}
    import.finish();

    let after = server.get("/clients", Some(&token)).await.json();
    check(after.as_array().expect("a list"), &before);
    assert_eq!(seen_of_the_import(after.as_array().expect("a list")), 0);
}
