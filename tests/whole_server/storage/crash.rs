//! Crashes (`kill -9`): acknowledged writes are durable.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Chance, Server, registration};

#[derive(Default)]
struct Acknowledged {
    registered: Vec<String>,
    tokens: Vec<String>,
}

/// Registers and verifies one after the other until the server goes away; notes what was answered with 2xx.
async fn work(
    server: &Server,
    round: u64,
    worker: u64,
    per_round: u64,
    signed_in: &AtomicU64,
) -> Acknowledged {
    let mut done = Acknowledged::default();
    for n in 0..per_round {
        let email = format!("user{round}x{worker}x{n}@example.com");
        let body = registration(&email, "a fine long password").to_string();
        let register = server.request(reqwest::Method::POST, "/v1/auth/register", None, Some(&body)).await;
        match register {
            Ok(answer) => assert_eq!(answer.status, 200, "{}", answer.text),
            Err(_) => return done,
        }
        done.registered.push(email.clone());
        let code = loop {
            let found =
                server.recent_messages().into_iter().rev().find(|message| message["to"] == email.as_str());
            if let Some(message) = found {
                break message["code"].clone();
            }
            // Gone before it could send the code: the next start will.
            if server.request(reqwest::Method::GET, "/healthz", None, None).await.is_err() {
                return done;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        };
        let body = json!({"contact": email, "code": code}).to_string();
        let path = "/v1/auth/verification_codes/verify";
        match server.request(reqwest::Method::POST, path, None, Some(&body)).await {
            Ok(answer) => {
                done.tokens.push(answer.token());
                signed_in.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => return done,
        }
    }
    done
}

/// Kills the server this many times, each time amid up to 50 registrations and as many verifications.
async fn assert_acknowledged_writes_survive(kills: u64) {
    const WORKERS: u64 = 5;
    const PER_ROUND: u64 = 10;
    let mut server = Server::start().await;
    let mut chance = Chance(1776);
    let mut all = Acknowledged::default();
    let signed_in = Arc::new(AtomicU64::new(0));
    for round in 0..kills {
        let pid = server.pid();
        let delay = Duration::from_millis(50 + chance.below(1500));
        // At any moment, but not before the round has come to something, however busy the machine is.
        let (progress, enough) = (Arc::clone(&signed_in), (round + 1) * WORKERS);
        let killer = tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            while progress.load(Ordering::Relaxed) < enough {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill runs")
        });
        let workers = (0..WORKERS).map(|worker| work(&server, round, worker, PER_ROUND, &signed_in));
        for done in futures_util::future::join_all(workers).await {
            all.registered.extend(done.registered);
            all.tokens.extend(done.tokens);
        }
        assert!(killer.await.expect("no panic").success());
        server.restart().await;
    }
    assert!(
        all.tokens.len() as u64 >= kills * WORKERS,
        "the rounds were long enough to matter: {}",
        all.tokens.len()
    );
    for token in &all.tokens {
        assert_eq!(
            server.get("/v1/auth/me", Some(token)).await.status,
            200,
            "an acknowledged session is gone"
        );
    }
    // The code of each acknowledged registration is sent.
    let mut unsent: BTreeSet<String> = all.registered.iter().cloned().collect();
    let last_restart = Instant::now();
    while !unsent.is_empty() {
        for message in server.messages() {
            unsent.remove(message["to"].as_str().unwrap_or_default());
        }
        assert!(last_restart.elapsed() < Duration::from_secs(60), "no code was sent: {unsent:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (registered, signed_in) = (all.registered.len(), all.tokens.len());
    println!("{kills} kills, {registered} registrations and {signed_in} verifications acknowledged, 0 lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_kill_9() {
    assert_acknowledged_writes_survive(8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; `just ci-full` runs it"]
async fn acknowledged_writes_survive_200_kills() {
    assert_acknowledged_writes_survive(200).await;
}
