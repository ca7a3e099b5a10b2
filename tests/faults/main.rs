//! Faults of the database, the disk and the system under load. The server keeps answering, with results or with 503. No acknowledged write is lost, and
//! no connection or transaction is left open.
//!
//! To print the counts and the slowest responses: `cargo test -p asteroid --test faults -- --nocapture`.

#[path = "../whole_server/harness.rs"]
#[expect(dead_code, reason = "these tests need less of it")]
mod harness;
mod load;
mod power_loss;
mod proxy;
mod syscalls;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use asteroid_diesel::postgres::testing::{PrivateServer, private_server};
use harness::Server;
use load::Load;
use proxy::Proxy;
use tokio::time::sleep;

/// A server with cheap hashes on the database at this URL.
async fn server_on(url: &str) -> Server {
    let settings = [
        ("ASTEROID_DATABASE__URL", url),
        ("ASTEROID_DATABASE__TIMEOUT", "1500ms"),
        ("ASTEROID_DATABASE__CONNECTIONS", "16"),
        ("ASTEROID_LIMITS__ENABLED", "false"),
        ("ASTEROID_PASSWORDS__HASHING__MEMORY_KIB", "8"),
        ("ASTEROID_PASSWORDS__HASHING__ITERATIONS", "1"),
        ("ASTEROID_SESSIONS__PER_USER", "10000"),
        ("ASTEROID_LOG__LEVEL", "info"),
    ];
    Server::start_with(&settings).await
}

/// Checks the invariants after the load.
async fn assert_nothing_is_lost(what: &str, load: Load, server: &Server, postgres: &PrivateServer) {
    let seen = load.end().await;
    println!("{what}: {seen}");
    assert!(seen.wrong.is_empty(), "neither a success nor a 503: {:#?}", seen.wrong);
    assert!(seen.succeeded > 0 && seen.refused > 0, "the fault had an effect, and ended: {seen}");
    assert_eq!(seen.not_alive, 0, "/healthz always answers");
    // The bound of a response is two seconds; a busy machine adds to it.
    assert!(seen.slowest < Duration::from_secs(8), "{seen}");
    for token in &seen.sessions {
        let answer = server.get("/v1/auth/me", Some(token)).await;
        assert_eq!(answer.status, 200, "an acknowledged session exists");
    }
    // PostgreSQL notices a cut connection at its next write.
    let start = Instant::now();
    loop {
        let count = |filter: &str| {
            let of = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'asteroid'";
            let text = postgres.query(&format!("{of} AND {filter}")).expect("PostgreSQL answers");
            text.parse::<usize>().expect("a number")
        };
        let (open, in_transaction) = (count("true"), count("state LIKE 'idle in transaction%'"));
        if open <= 16 && in_transaction == 0 {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(90), "{open} open, {in_transaction} in transactions");
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_database_restarts_under_load_lose_no_acknowledged_write() {
    let Some(postgres) = private_server() else { return };
    let server = server_on(&postgres.url("postgres")).await;
    let load = Load::start(&server).await;
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        load.succeeds().await;
        postgres.control(&["restart", "-m", "immediate"]).expect("PostgreSQL is there again");
        longest = longest.max(load.succeeds().await);
    }
    println!("longest time from a restart to the first success: {longest:?}");
    assert_nothing_is_lost("ten restarts", load, &server, &postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_database_under_load_loses_no_acknowledged_write() {
    let Some(postgres) = private_server() else { return };
    let server = server_on(&postgres.url("postgres")).await;
    let load = Load::start(&server).await;
    load.succeeds().await;
    let processes = freeze(&postgres);
    sleep(Duration::from_secs(10)).await;
    signal("CONT", &processes);
    println!("time from the end of the freeze to the first success: {:?}", load.succeeds().await);
    assert_nothing_is_lost("ten frozen seconds", load, &server, &postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_under_load_lose_no_acknowledged_write() {
    let Some(postgres) = private_server() else { return };
    let proxy = Proxy::start(postgres.port()).await;
    let url = postgres.url("postgres").replace(&postgres.port().to_string(), &proxy.port().to_string());
    let server = server_on(&url).await;
    let load = Load::start(&server).await;
    for _ in 0..10 {
        load.succeeds().await;
        proxy.cut_all();
    }
    // All traffic is dropped silently.
    proxy.swallow(true);
    sleep(Duration::from_secs(5)).await;
    proxy.swallow(false);
    println!("time from the end of the fault to the first success: {:?}", load.succeeds().await);
    assert_nothing_is_lost("cut connections", load, &server, &postgres).await;
}

/// Suspends all processes of the server. The first one is suspended first, so that no new one starts.
fn freeze(postgres: &PrivateServer) -> Vec<u32> {
    let first = postgres.pid().expect("it runs");
    signal("STOP", &[first]);
    let others = std::fs::read_dir("/proc").expect("the processes").flatten().filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        (parent(&entry.path())? == first).then_some(pid)
    });
    let all: Vec<u32> = std::iter::once(first).chain(others).collect();
    signal("STOP", &all[1..]);
    all
}

fn parent(process: &Path) -> Option<u32> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    // After the name in parentheses, which may contain anything: the state and the parent's id.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn signal(name: &str, processes: &[u32]) {
    let processes = processes.iter().map(u32::to_string);
    let status = Command::new("kill").arg(format!("-{name}")).args(processes).status().expect("kill runs");
    assert!(status.success());
}
