//! Key rotation on several servers under load, without a failed request.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::harness::Server;

const SERVERS: usize = 3;
const TASKS: usize = 4;
const PASSWORD: &str = "a fine long password";
/// The rounds of all tasks between two steps.
const ROUNDS_BETWEEN: usize = 12;
/// The longest wait for an event, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A backend of the load balancer.
struct Backend {
    port: AtomicU16,
    in_rotation: AtomicBool,
}

/// A load balancer: sends each request to the next server that is up.
struct Balancer {
    backends: Vec<Backend>,
    next: AtomicUsize,
    rounds: AtomicUsize,
    ended: AtomicBool,
    /// The issued tokens, by the key that signed them.
    tokens: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Balancer {
    fn of(servers: &[Server]) -> Self {
        let backend = |server: &Server| Backend {
            port: AtomicU16::new(server.address().1),
            in_rotation: AtomicBool::new(true),
        };
        Self {
            backends: servers.iter().map(backend).collect(),
            next: AtomicUsize::new(0),
            rounds: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
            tokens: Mutex::default(),
        }
    }

    /// A connection to the next server. It was opened before the server was asked to stop, so it must be served.
    async fn connect(&self) -> (usize, TcpStream) {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed) % self.backends.len();
            let backend = &self.backends[index];
            let port = backend.port.load(Ordering::SeqCst);
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
            let is_up =
                backend.in_rotation.load(Ordering::SeqCst) && port == backend.port.load(Ordering::SeqCst);
            match stream {
                Ok(stream) if is_up => return (index, stream),
                Err(error) if is_up => panic!("server {index} refuses a connection: {error}"),
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Sends a request to the next server. Any status but 200 fails the test.
    async fn ask(&self, request: &str) -> Value {
        let (index, mut stream) = self.connect().await;
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer).await;
        assert!(read.is_ok() && answer.starts_with("HTTP/1.1 200 "), "server {index}: {read:?} {answer:?}");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("the whole body")
    }

    async fn sign_in(&self, email: &str) -> String {
        let body = json!({"user": {"email": email, "password": PASSWORD}}).to_string();
        let answer = self
            .ask(&format!(
                "POST /users/sign_in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ))
            .await;
        let token = answer["token"].as_str().expect("a token").to_owned();
        let key = token.split('.').next().expect("a header").to_owned();
        self.tokens.lock().expect("a lock").entry(key).or_default().push(token.clone());
        token
    }

    async fn use_token(&self, token: &str, email: &str) {
        let profile = self
            .ask(&format!(
                "GET /users/current HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                 Authorization: Bearer {token}\r\n\r\n"
            ))
            .await;
        assert_eq!(profile["email"], email);
    }

    /// Signs in, and uses the new token and the earlier ones on every server in turn, until the test ends.
    async fn work(self: Arc<Self>, email: String) {
        let mut tokens: Vec<String> = Vec::new();
        while !self.ended.load(Ordering::Relaxed) {
            tokens.push(self.sign_in(&email).await);
            let middle = &tokens[tokens.len() / 2];
            let newest = tokens.last().expect("at least one");
            for token in [newest, newest, newest, &tokens[0], middle] {
                self.use_token(token, &email).await;
            }
            self.rounds.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Lets the tasks run for some rounds.
    async fn let_work(&self, tasks: &mut JoinSet<()>) {
        let (start, wanted) = (Instant::now(), self.rounds.load(Ordering::Relaxed) + ROUNDS_BETWEEN);
        while self.rounds.load(Ordering::Relaxed) < wanted {
            if let Some(ended) = tasks.try_join_next() {
                panic!("a task ended: {ended:?}");
            }
            assert!(start.elapsed() < TIMEOUT, "the tasks make no progress");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Restarts all servers, one after the other.
    async fn restart_each(&self, servers: &mut [Server], tasks: &mut JoinSet<()>) {
        for (server, backend) in servers.iter_mut().zip(&self.backends) {
            backend.in_rotation.store(false, Ordering::SeqCst);
            assert!(tokio::task::block_in_place(|| server.stop()).success(), "{}", server.log());
            server.restart().await;
            backend.port.store(server.address().1, Ordering::SeqCst);
            backend.in_rotation.store(true, Ordering::SeqCst);
            self.let_work(tasks).await;
        }
    }
}

fn rotate(server: &Server, arguments: &[&str]) {
    let rotated = server.run(&[&["keys", "rotate"], arguments].concat());
    assert!(rotated.status.success(), "{rotated:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_rotation_over_several_servers_fails_no_request() {
    // Cheap hashes, because the test is about keys; many sessions for each user, so that no sign-in ends an older one.
    let settings = [
        ("ASTEROID_LIMITS__ENABLED", "false"),
        ("ASTEROID_PASSWORDS__HASHING__MEMORY_KIB", "8"),
        ("ASTEROID_SESSIONS__PER_USER", "10000"),
    ];
    let mut servers = vec![Server::start_with(&settings).await];
    while servers.len() < SERVERS {
        servers.push(servers[0].another().await);
    }
    let emails: Vec<String> = (0..TASKS).map(|task| format!("user{task}@example.com")).collect();
    for email in &emails {
        servers[0].user(email, PASSWORD).await;
    }
    let balancer = Arc::new(Balancer::of(&servers));
    let mut tasks = JoinSet::new();
    for email in emails {
        tasks.spawn(Arc::clone(&balancer).work(email));
    }

    balancer.let_work(&mut tasks).await;
    rotate(&servers[0], &["--stage"]);
    balancer.restart_each(&mut servers, &mut tasks).await;
    assert_eq!(balancer.tokens.lock().expect("a lock").len(), 1, "the staged key does not sign yet");
    rotate(&servers[0], &[]);
    balancer.restart_each(&mut servers, &mut tasks).await;
    balancer.ended.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no request failed");
    }

    let tokens = std::mem::take(&mut *balancer.tokens.lock().expect("a lock"));
    assert_eq!(tokens.len(), 2, "the old key and the new one");
    for token in tokens.values().flat_map(|tokens| tokens.first().into_iter().chain(tokens.last())) {
        for server in &servers {
            assert_eq!(server.get("/users/current", Some(token)).await.status, 200);
        }
    }
    // From now on every server signs with the first key of the file.
    let keys = std::fs::read_to_string(servers[0].folder().join("keys.json")).expect("the keys");
    let keys: Value = serde_json::from_str(&keys).expect("JSON");
    for server in &servers {
        let body = json!({"user": {"email": "user0@example.com", "password": PASSWORD}});
        let answer = server.post("/users/sign_in", &body).await.json();
        let header = answer["token"].as_str().and_then(|token| token.split('.').next()).expect("a token");
        let header = URL_SAFE_NO_PAD.decode(header).expect("base64");
        let header: Value = serde_json::from_slice(&header).expect("JSON");
        assert_eq!(header["kid"], keys["tokens"][0]["id"]);
    }
    for server in &servers {
        assert!(!server.log().contains("panicked"), "{}", server.log());
    }
}
