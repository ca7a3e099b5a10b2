//! Several servers on one store.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};

use crate::harness::{BACKEND, Backend, Server, registration};

const PASSWORD: &str = "a fine long password";
/// The longest wait for an event, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(240);

async fn two(settings: &[(&str, &str)]) -> [Server; 2] {
    let one = Server::start_with(settings).await;
    let other = one.another().await;
    [one, other]
}

const NO_LIMITS: &[(&str, &str)] = &[("ASTEROID_LIMITS__ENABLED", "false")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_one_server_ends_is_ended_on_the_other() {
    let [one, other] = two(NO_LIMITS).await;
    let token = one.user("martha@example.com", PASSWORD).await;
    let signed = json!({"user": {"email": "martha@example.com", "password": PASSWORD}});
    for _ in 0..20 {
        let second = other.sign_in("martha@example.com", PASSWORD).await.token();
        let jwt = one.post("/users/sign_in", &signed).await.json()["token"].as_str().map(str::to_owned);
        let jwt = jwt.expect("a token");
        for server in [&one, &other] {
            assert_eq!(server.get("/v1/auth/me", Some(&second)).await.status, 200);
            assert_eq!(server.get("/v1/auth/me", Some(&jwt)).await.status, 200);
        }
        assert_eq!(
            one.request(reqwest::Method::DELETE, "/v1/auth/sessions", Some(&token), None)
                .await
                .expect("an answer")
                .status,
            204
        );
        for server in [&other, &one] {
            assert_eq!(server.get("/v1/auth/me", Some(&second)).await.status, 401);
            assert_eq!(server.get("/v1/auth/me", Some(&jwt)).await.status, 401);
            assert_eq!(server.get("/v1/auth/me", Some(&token)).await.status, 200);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_works_on_every_server_and_its_guesses_are_counted_together() {
    let servers = two(NO_LIMITS).await;
    let verify = "/v1/auth/verification_codes/verify";
    let email = "martha@example.com";
    // Requested on one, redeemed on the other.
    assert_eq!(servers[0].post("/v1/auth/register", &registration(email, PASSWORD)).await.status, 200);
    let code = servers[0].code(email, "registration_code").await;
    assert_eq!(servers[1].post(verify, &json!({"contact": email, "code": code})).await.status, 200);
    assert_eq!(servers[0].post(verify, &json!({"contact": email, "code": code})).await.status, 401);
    // Two guesses on one and three on the other are five.
    for (wrong, status) in [(4, 200), (5, 401)] {
        assert_eq!(
            servers[0].post("/v1/auth/verification_codes/send", &json!({"email": email})).await.status,
            204
        );
        let code = servers[0].code(email, "sign_in_code").await;
        let guesses = (0..wrong).map(|guess: usize| async move {
            (guess, json!({"contact": email, "code": format!("{guess}UUUU")}))
        });
        for (guess, body) in join_all(guesses).await {
            assert_eq!(servers[guess % 2].post(verify, &body).await.status, 401);
        }
        let right = servers[1].post(verify, &json!({"contact": email, "code": code})).await;
        assert_eq!(right.status.as_u16(), status, "after {wrong} wrong guesses");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_on_either_server_count_on_both() {
    let long = ("ASTEROID_LIMITS__WRONG_PASSWORDS__FIRST_WAIT", "1h");
    let servers = two(&[long, ("ASTEROID_LIMITS__WRONG_PASSWORDS__LONGEST_WAIT", "1h")]).await;
    // Four attempts without a delay, and an hour after the fifth.
    for attempt in 0..5 {
        let answer = servers[attempt % 2].sign_in("unknown@example.com", "not the password").await;
        assert_eq!(answer.status, 401, "{}", answer.text);
    }
    for server in &servers {
        let answer = server.sign_in("unknown@example.com", "not the password").await;
        assert_eq!(answer.status, 429, "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_registrations_on_two_servers_have_different_user_ids() {
    let mut settings = NO_LIMITS.to_vec();
    settings.extend([
        ("ASTEROID_PASSWORDS__HASHING__MEMORY_KIB", "64"),
        ("ASTEROID_PASSWORDS__HASHING__ITERATIONS", "1"),
        ("ASTEROID_PASSWORDS__HASHING__QUEUE", "1024"),
        ("ASTEROID_PASSWORDS__HASHING__MAX_WAIT", "1m"),
    ]);
    let servers = two(&settings).await;
    let register = |number: usize| {
        let server = &servers[number % 2];
        async move {
            let email = format!("martha.{number}@example.com");
            let token = server.user(&email, PASSWORD).await;
            let me = server.get("/v1/auth/me", Some(&token)).await.json();
            me["id"].as_i64().unwrap_or_else(|| panic!("an id in {me}"))
        }
    };
    let mut ids: Vec<i64> = stream::iter(0..100).map(register).buffer_unordered(16).collect().await;
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 100);
}

/// One server is killed during delivery. No message is lost, and each message in flight may be sent a second time: no one
/// can know whether it was sent before the crash.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_of_one_server_loses_no_message() {
    let messages = match BACKEND {
        Backend::Sqlite => 2_000,
        Backend::Postgres => 10_000,
    };
    let at_once = 8;
    let mut settings = NO_LIMITS.to_vec();
    settings.extend([
        ("ASTEROID_OUTBOX__LEASE", "10s"),
        ("ASTEROID_OUTBOX__EMAILS_AT_ONCE", "8"),
        ("ASTEROID_LOG__LEVEL", "warn"),
        ("ASTEROID_CODES__LIFE", "1h"),
    ]);
    let [one, mut other] = two(&settings).await;
    one.user("martha@example.com", PASSWORD).await;
    let before = one.messages().len();
    let acknowledged = AtomicUsize::new(0);
    let ask = |server: &Server| {
        let request = server.client.post(server.url("/v1/auth/password/forgot"));
        let request = request.header("content-type", "application/json");
        let request = request.body(json!({"contact": "martha@example.com"}).to_string());
        async {
            // A response that was lost in the crash acknowledges nothing.
            if request.send().await.is_ok_and(|answer| answer.status() == 200) {
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let half = messages / 2;
    let to_both = stream::iter(0..half).map(|number| ask(if number % 2 == 0 { &one } else { &other }));
    to_both.buffer_unordered(32).collect::<()>().await;
    let rest = stream::iter(half..messages).map(|_| ask(&one)).buffer_unordered(32).collect::<()>();
    let kill = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        other.kill();
    };
    tokio::join!(rest, kill);
    let acknowledged = acknowledged.into_inner();

    // All requested messages are sent, those of the crashed server after their lease.
    let start = Instant::now();
    let ids = loop {
        let mut ids: BTreeMap<String, usize> = BTreeMap::new();
        for message in &one.messages()[before..] {
            *ids.entry(message["id"].as_str().expect("an id").to_owned()).or_default() += 1;
        }
        let waiting = one.run(&["outbox", "list", "--state", "waiting", "--json"]);
        let waiting: Value = serde_json::from_slice(&waiting.stdout).expect("JSON");
        if ids.len() >= acknowledged && waiting == json!([]) {
            break ids;
        }
        assert!(start.elapsed() < TIMEOUT, "{} of {acknowledged} left; waiting: {waiting}", ids.len());
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let failed = one.run(&["outbox", "list", "--state", "failed", "--json"]);
    assert_eq!(String::from_utf8_lossy(&failed.stdout).trim(), "[]");
    let twice = ids.values().filter(|count| **count == 2).count();
    assert!(ids.values().all(|count| *count <= 2), "no message is sent three times");
    assert!(twice <= at_once, "{twice} went twice: more than the dead worker had in its hands");
    println!("{acknowledged} acknowledged, {} left, {twice} of them twice", ids.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_servers_start_concurrently_on_an_empty_store() {
    let servers = Server::start_together(20, &[("ASTEROID_DATABASE__CONNECTIONS", "2")]).await;
    let migrated: usize = servers[0].log().matches("migrated the database").count();
    assert_eq!(migrated, 1, "exactly one of them migrated");
    let terms = servers[0].run(&["terms", "list", "--json"]);
    let terms: Value = serde_json::from_slice(&terms.stdout).expect("JSON");
    assert_eq!(terms.as_array().map(Vec::len), Some(1), "{terms}");
    let token = servers[7].user("martha@example.com", PASSWORD).await;
    for server in &servers {
        assert_eq!(server.get("/v1/auth/me", Some(&token)).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_after_kill_9_is_completed_by_the_next_start() {
    let mut interrupted = 0;
    for wait in (0..12).map(|step| Duration::from_millis(15 * step)) {
        let mut server = Server::spawn(NO_LIMITS);
        tokio::time::sleep(wait).await;
        server.kill();
        interrupted += usize::from(!server.log().contains("migrated the database"));
        server.restart().await;
        let answer = server.post("/v1/auth/register", &registration("martha@example.com", PASSWORD)).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{}"), "killed after {wait:?}");
    }
    assert!(interrupted > 0, "no start was killed during its migrations");
}
