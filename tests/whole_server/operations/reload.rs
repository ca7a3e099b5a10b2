//! SIGHUP: keys and templates are read again, and no request fails.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::Server;

const EMAIL: &str = "martha@example.com";
const PASSWORD: &str = "a fine long password";
/// The longest wait for an event, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

fn hang_up(server: &Server) {
    let pid = server.pid().to_string();
    assert!(Command::new("kill").args(["-HUP", &pid]).status().expect("kill runs").success());
}

/// Waits until the log has this text this many times.
async fn wait_for_log(server: &Server, text: &str, times: usize) {
    let start = Instant::now();
    while server.log().matches(text).count() < times {
        assert!(start.elapsed() < TIMEOUT, "no `{text}`:\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn sign_in(server: &Server) -> String {
    let body = json!({"user": {"email": EMAIL, "password": PASSWORD}});
    let answer = server.post("/users/sign_in", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["token"].as_str().expect("a token").to_owned()
}

fn kid(token: &str) -> String {
    let header = token.split('.').next().expect("a header");
    let header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64")).expect("JSON");
    header["kid"].as_str().expect("an id").to_owned()
}

fn current_token_key(server: &Server) -> String {
    let keys = fs::read_to_string(server.folder().join("keys.json")).expect("the keys");
    let keys: Value = serde_json::from_str(&keys).expect("JSON");
    keys["tokens"][0]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_reloaded_under_load_without_a_failed_request() {
    let server = Server::start_with(&[
        ("ASTEROID_LIMITS__ENABLED", "false"),
        ("ASTEROID_PASSWORDS__HASHING__MEMORY_KIB", "8"),
        ("ASTEROID_SESSIONS__PER_USER", "10000"),
    ])
    .await;
    server.user(EMAIL, PASSWORD).await;
    let before = sign_in(&server).await;
    let (server, ended) = (Arc::new(server), Arc::new(AtomicBool::new(false)));
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let (server, ended, before) = (Arc::clone(&server), Arc::clone(&ended), before.clone());
        tasks.spawn(async move {
            while !ended.load(Ordering::Relaxed) {
                for token in [&before, &sign_in(&server).await] {
                    let answer = server.get("/users/current", Some(token)).await;
                    assert_eq!(answer.status, 200, "{}", answer.text);
                }
            }
        });
    }
    for round in 1..=3 {
        let rotated = server.run(&["keys", "rotate"]);
        assert!(rotated.status.success(), "{rotated:?}");
        hang_up(&server);
        wait_for_log(&server, "reloaded keys, templates and the log level", round).await;
        assert_eq!(kid(&sign_in(&server).await), current_token_key(&server));
    }
    ended.store(true, Ordering::Relaxed);
    while let Some(task) = tasks.join_next().await {
        task.expect("no request failed");
    }
    assert_ne!(kid(&before), current_token_key(&server));

    // The code of a key that was rotated away works, and new ones are derived with the new key.
    assert_eq!(server.post("/v1/auth/password/forgot", &json!({"contact": EMAIL})).await.status, 200);
    let code = server.code(EMAIL, "reset_code").await;
    assert!(server.run(&["keys", "rotate"]).status.success());
    hang_up(&server);
    wait_for_log(&server, "reloaded keys, templates and the log level", 4).await;
    let new = "an even finer one";
    let reset = json!({"contact": EMAIL, "code": code, "password": new, "password_confirmation": new});
    assert_eq!(server.put("/v1/auth/password/reset", None, &reset).await.status, 200);
}

#[tokio::test]
async fn a_broken_key_file_or_template_changes_nothing() {
    let templates = tempfile::tempdir().expect("a folder");
    let path = templates.path().to_str().expect("UTF-8");
    let server =
        Server::start_with(&[("ASTEROID_LIMITS__ENABLED", "false"), ("ASTEROID_MESSAGES__TEMPLATES", path)])
            .await;
    server.user(EMAIL, PASSWORD).await;
    let (keys, old) = (server.folder().join("keys.json"), current_token_key(&server));
    let good = fs::read_to_string(&keys).expect("the keys");
    let template = templates.path().join("en/reset_code.txt");
    fs::create_dir(templates.path().join("en")).expect("made");

    fs::write(&keys, "{\"codes\": [\"canary\"]}").expect("written");
    hang_up(&server);
    wait_for_log(&server, "reload failed, nothing was changed", 1).await;
    assert!(server.log().contains("is not a valid key file: line 1, column"), "{}", server.log());
    assert!(!server.log().contains("canary"), "{}", server.log());
    fs::write(&keys, &good).expect("written");

    assert!(server.run(&["keys", "rotate"]).status.success());
    fs::write(&template, "{{ no_such_variable }}").expect("written");
    hang_up(&server);
    wait_for_log(&server, "reload failed, nothing was changed", 2).await;
    assert_eq!(kid(&sign_in(&server).await), old, "the new keys wait for a good template");

    fs::write(&template, "Hello again: {{ code }}\n").expect("written");
    hang_up(&server);
    wait_for_log(&server, "reloaded keys, templates and the log level", 1).await;
    assert_eq!(kid(&sign_in(&server).await), current_token_key(&server));
    assert_eq!(server.post("/v1/auth/password/forgot", &json!({"contact": EMAIL})).await.status, 200);
    let message = server.message(EMAIL, |message| message["kind"] == "reset_code").await;
    assert!(message["body"].as_str().expect("a text").starts_with("Hello again: "), "{message}");
}
