//! Faults of system calls, which `strace` injects.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::harness::Server;
use super::load::Load;

/// `strace` on a running process, until [`Injection::end`].
struct Injection(Child);

impl Injection {
    /// Makes these system calls of a process and its threads fail.
    async fn start(server: &Server, calls: &str, fault: &str) -> Self {
        let log = server.folder().join("strace");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-o"]).arg(&log).args(["-p", &server.pid().to_string()]);
        strace.arg(format!("--trace={calls}")).arg(format!("--inject={calls}:{fault}"));
        let child = strace.stderr(Stdio::null()).spawn().expect("strace is installed");
        let start = Instant::now();
        // It traces all threads once the process has a tracer.
        while !is_traced(server.pid()) {
            assert!(start.elapsed() < Duration::from_secs(30), "strace does not attach");
            sleep(Duration::from_millis(10)).await;
        }
        Self(child)
    }

    fn end(mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
        self.0.wait().expect("strace ends");
    }
}

/// Whether every thread of a process has a tracer.
fn is_traced(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    threads.flatten().all(|thread| {
        let status = std::fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0"))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs strace, and the right to trace processes; `just ci-full` runs it"]
async fn an_fsync_that_fails_acknowledges_nothing_and_recovers_by_itself() {
    const PASSWORD: &str = "a fine long password";
    let settings = [("ASTEROID_LIMITS__ENABLED", "false"), ("ASTEROID_SESSIONS__PER_USER", "10000")];
    let mut server = Server::start_with(&settings).await;
    let load = Load::start(&server).await;
    load.succeeds().await;
    let token = server.user("george@example.com", PASSWORD).await;
    for round in 0..3 {
        load.succeeds().await;
        let fault = Injection::start(&server, "fsync,fdatasync", "error=EIO").await;
        let start = Instant::now();
        loop {
            let ready = server.get("/readyz", None).await.status.as_u16();
            let written = server.sign_in("george@example.com", PASSWORD).await.status.as_u16();
            if (ready, written) == (503, 503) {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "ready {ready}, written {written}");
        }
        let noticed = start.elapsed();
        for _ in 0..20 {
            let answer = server.sign_in("george@example.com", PASSWORD).await;
            assert_eq!(answer.status, 503, "{}", answer.text);
            assert!(answer.header("retry-after").is_some());
        }
        assert_eq!(server.get("/healthz", None).await.status, 200);
        assert_eq!(server.get("/v1/auth/me", Some(&token)).await.status, 200, "reads go on");
        fault.end();
        let start = Instant::now();
        while server.get("/readyz", None).await.status != 200 {
            assert!(start.elapsed() < Duration::from_secs(30), "it does not recover:\n{}", server.log());
            sleep(Duration::from_millis(20)).await;
        }
        let ready = start.elapsed();
        server.sign_in("george@example.com", PASSWORD).await.token();
        println!("round {round}: unready {noticed:?} after the first fault, ready {ready:?} after the last");
    }
    let seen = load.end().await;
    println!("an fsync that fails: {seen}");
    assert!(seen.wrong.is_empty(), "neither a success nor a 503: {:#?}", seen.wrong);
    assert!(seen.refused > 0, "the fault had an effect: {seen}");
    assert_eq!(seen.not_alive, 0, "/healthz always answers");
    server.crash_and_restart().await;
    for token in &seen.sessions {
        assert_eq!(server.get("/v1/auth/me", Some(token)).await.status, 200, "acknowledged, and gone");
    }
}
