//! What others feel of a flood of sign-ins and of a thousand slow clients, on both databases.
//!
//! `cargo bench -p asteroid --bench overload`. The load comes from the same machine, so that it takes processor time from the
//! server that a real one would have: the ratios are upper bounds.
//!
//! First 500 clients sign in again and again, each as a user of its own, every other one with a wrong password; on a 503 they
//! wait as long as `Retry-After` says. Beside them one client asks for `GET /v1/auth/me`. Printed are the answers, the peak of
//! the server's resident memory, and the latencies of `me` with their ratio to those without the flood. The policy is: answers
//! 200, 401 or 503 with `Retry-After`, within 256 MiB, and a p99 of at most 3 times the usual one.
//!
//! Then 1,000 connections of each slow kind are held open, and opened again when the server closes them. The policy is a p99 of
//! at most twice the usual one, and an end within 10 s after SIGTERM that cuts no request off that the server had received.

#[path = "../../../tests/whole_server/harness.rs"]
#[expect(dead_code, reason = "the measurements need less of it")]
mod harness;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use asteroid_argon2::{Argon2Hasher, Argon2Settings};
use asteroid_identity::{NewPassword, Password, PasswordHasher};
use asteroid_kernel::system::SystemRandomness;
use harness::{Backend, Server, Store};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

const PASSWORD: &str = "a fine long password";
const SIGN_INS: usize = 500;
/// The number of the user who asks for `me`, whose sessions no other sign-in ends.
const OBSERVER: usize = SIGN_INS;
const SLOW_CLIENTS: usize = 1000;
/// The measured requests of each round, and the time between two of them.
const REQUESTS: usize = 2000;
const PACE: Duration = Duration::from_millis(5);
/// Rounds with and without the load alternate.
const ROUNDS: usize = 3;

/// A kind of slow clients.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    /// What a client sends at once.
    start: &'static str,
    /// How often it sends that.
    times: usize,
    /// What it sends each second after that.
    drip: &'static str,
    /// Whether it reads the response.
    reads: bool,
}

const KINDS: [Kind; 5] = [
    Kind { name: "without a byte", start: "", times: 1, drip: "", reads: true },
    Kind {
        name: "half a head, then a byte a second",
        start: "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Half: ",
        times: 1,
        drip: "a",
        reads: true,
    },
    Kind {
        name: "half a body, then a byte a second",
        start: "POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{",
        times: 1,
        drip: " ",
        reads: true,
    },
    Kind { name: "idle", start: "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", times: 1, drip: "", reads: true },
    Kind {
        name: "not reading",
        start: "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n",
        times: 20,
        drip: "",
        reads: false,
    },
];

#[tokio::main]
async fn main() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(store) = Store::of(backend) else { continue };
        println!("\n{backend:?}: {SIGN_INS} clients sign in");
        sign_ins(&start(store).await).await;
    }
    println!("\n{SLOW_CLIENTS} slow clients of each kind");
    for kind in KINDS {
        let store = Store::of(Backend::Sqlite).expect("SQLite is always there");
        slow_clients(start(store).await, kind).await;
    }
}

async fn start(store: Store) -> Server {
    let settings = [("ASTEROID_HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"), ("ASTEROID_LOG__LEVEL", "warn")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let server = Server::start_on(Arc::new(store), settings).await;
    let hash = hash_of(PASSWORD).await;
    let users: Vec<Value> = (0..=OBSERVER)
        .map(|number| json!({ "name": "Martha Custis", "email": email(number), "passwordHash": hash }))
        .collect();
    let (counts, report) = server.import_users(&users);
    assert_eq!(counts[0], users.len() as u64, "{report}");
    server
}

async fn sign_ins(server: &Server) {
    let token = server.sign_in(&email(OBSERVER), PASSWORD).await.token();
    let answers = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.extend(latencies(server, &token).await);
        let mut flood = JoinSet::new();
        for number in 0..SIGN_INS {
            flood.spawn(sign_in_for_ever(
                server.client.clone(),
                server.url("/v1/auth/login"),
                number,
                Arc::clone(&answers),
            ));
        }
        sleep(Duration::from_secs(1)).await;
        beside.extend(latencies(server, &token).await);
        flood.shutdown().await;
        sleep(Duration::from_secs(3)).await;
    }
    println!("answers: {:?}", answers.lock().expect("no panic while counting"));
    println!("peak of resident memory: {}", peak_memory(server));
    compare("GET /v1/auth/me", alone, beside);
}

/// Signs in again and again as one user, from an address of the user's own.
async fn sign_in_for_ever(
    client: reqwest::Client,
    url: String,
    number: usize,
    answers: Arc<Mutex<BTreeMap<String, usize>>>,
) {
    let password = if number.is_multiple_of(2) { PASSWORD } else { "a wrong password" };
    let body = json!({ "contact": email(number), "password": password }).to_string();
    loop {
        let request = client
            .post(&url)
            .header("x-forwarded-for", address(number))
            .header("content-type", "application/json")
            .body(body.clone());
        let (answer, wait) = match request.send().await {
            Err(error) => (format!("{error:?}"), 1),
            Ok(response) => {
                let retry_after = response.headers().get("retry-after");
                let wait = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
                let kind = if wait.is_some() { " with Retry-After" } else { "" };
                (format!("{}{kind}", response.status().as_u16()), wait.unwrap_or(0))
            }
        };
        *answers.lock().expect("no panic while counting").entry(answer).or_default() += 1;
        sleep(Duration::from_secs(wait)).await;
    }
}

async fn slow_clients(mut server: Server, kind: Kind) {
    let token = server.sign_in(&email(OBSERVER), PASSWORD).await.token();
    let open = Arc::new(AtomicUsize::new(0));
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        alone.extend(latencies(&server, &token).await);
        let mut clients = JoinSet::new();
        for _ in 0..SLOW_CLIENTS {
            clients.spawn(be_slow(server.address(), kind, Arc::clone(&open)));
        }
        while open.load(Ordering::Relaxed) < SLOW_CLIENTS {
            sleep(Duration::from_millis(10)).await;
        }
        beside.extend(latencies(&server, &token).await);
        if round == ROUNDS {
            let (client, url) = (server.client.clone(), server.url("/v1/auth/login"));
            let mut received = JoinSet::new();
            for number in (0..40).step_by(2) {
                let body = json!({ "contact": email(number), "password": PASSWORD }).to_string();
                let request = client
                    .post(&url)
                    .header("x-forwarded-for", address(number))
                    .header("content-type", "application/json")
                    .body(body);
                received
                    .spawn(async move { request.send().await.is_ok_and(|answer| answer.status() == 200) });
            }
            sleep(Duration::from_millis(100)).await;
            let asked = Instant::now();
            let status = server.stop();
            let took = asked.elapsed();
            let answered = received.join_all().await.into_iter().filter(|answered| *answered).count();
            let name = kind.name;
            println!(
                "{name}: ended {took:.1?} after SIGTERM with {status}; {answered} of 20 sign-ins answered"
            );
        }
        clients.shutdown().await;
        open.store(0, Ordering::Relaxed);
    }
    compare("    GET /v1/auth/me", alone, beside);
}

/// Opens a slow connection, and another one when the server closes it.
async fn be_slow((host, port): (&'static str, u16), kind: Kind, open: Arc<AtomicUsize>) {
    let address = format!("{host}:{port}").parse().expect("an address");
    loop {
        let socket = TcpSocket::new_v4().expect("a socket");
        // So that little fits between the server and a client that does not read.
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let Ok(mut client) = socket.connect(address).await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        if client.write_all(kind.start.repeat(kind.times).as_bytes()).await.is_err() {
            continue;
        }
        open.fetch_add(1, Ordering::Relaxed);
        let opened = Instant::now();
        // The server closes most of them before.
        while opened.elapsed() < Duration::from_secs(30) {
            sleep(Duration::from_secs(1)).await;
            if (kind.reads && is_closed(&client)) || client.write_all(kind.drip.as_bytes()).await.is_err() {
                break;
            }
        }
    }
}

/// Reads what has arrived. Returns whether the server has closed the connection.
fn is_closed(client: &TcpStream) -> bool {
    match client.try_read(&mut [0; 4096]) {
        Ok(length) => length == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

/// The times of requests for `me`, one after the other.
async fn latencies(server: &Server, token: &str) -> Vec<Duration> {
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        sleep(PACE).await;
        let request = server.client.get(server.url("/v1/auth/me")).bearer_auth(token);
        let start = Instant::now();
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        response.bytes().await.expect("the whole answer");
        times.push(start.elapsed());
    }
    times
}

fn compare(what: &str, mut alone: Vec<Duration>, mut beside: Vec<Duration>) {
    alone.sort_unstable();
    beside.sort_unstable();
    let at = |times: &[Duration], percent: usize| times[times.len() * percent / 100];
    for percent in [50, 99] {
        let (usual, loaded) = (at(&alone, percent), at(&beside, percent));
        let ratio = loaded.as_secs_f64() / usual.as_secs_f64();
        println!("{what}: p{percent} {usual:.2?}, under load {loaded:.2?}: {ratio:.1} times");
    }
}

/// The line of the system about the largest resident memory of the server.
fn peak_memory(server: &Server) -> String {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "only known on Linux".to_owned(), |peak| peak.trim().to_owned())
}

fn email(number: usize) -> String {
    format!("martha.{number}@example.com")
}

fn address(number: usize) -> String {
    let [_, _, high, low] = u32::try_from(number).expect("few").to_be_bytes();
    Ipv4Addr::new(10, 0, high, low).to_string()
}

async fn hash_of(password: &str) -> String {
    let hasher =
        Argon2Hasher::start(Argon2Settings::default(), Arc::new(SystemRandomness)).expect("a hasher");
    let hash = hasher.hash(&NewPassword::in_use(Password::new(password))).await.expect("room in the gate");
    hash.expose().to_owned()
}
