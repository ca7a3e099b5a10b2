//! Budgets of wrong passwords, with many requests at once.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::super::import::contacts::owner;
use crate::harness::Server;

const MARTHA: &str = "martha@example.com";
const RIGHT: &str = "a fine long password";
const STRANGER: &str = "198.51.100.7";

/// A server behind a proxy, so that clients have different addresses. The first back-off is longer than any pause of a busy
/// machine, and hashes are cheap, so that no try waits long.
async fn server(more: &[(&str, &str)]) -> Server {
    let settings = [
        ("ASTEROID_HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"),
        ("ASTEROID_LIMITS__WRONG_PASSWORDS__FIRST_WAIT", "1m"),
        ("ASTEROID_PASSWORDS__HASHING__QUEUE", "64"),
    ];
    Server::start_with(&[&settings, more].concat()).await
}

async fn sign_in(server: &Server, contact: &str, password: &str, from: &str) -> u16 {
    let body = json!({"contact": contact, "password": password}).to_string();
    let request = server.client.post(server.url("/v1/auth/login")).header("x-forwarded-for", from);
    let request = request.header("content-type", "application/json").body(body);
    request.send().await.expect("an answer").status().as_u16()
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|found| **found == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_wrong_passwords_at_once_5_are_evaluated() {
    let server = server(&[]).await;
    server.user(MARTHA, RIGHT).await;
    for contact in [MARTHA, "unknown@example.com"] {
        let tries = (0..200).map(|_| sign_in(&server, contact, "a wrong password", STRANGER));
        let statuses = join_all(tries).await;
        assert_eq!(count(&statuses, 401), 5, "{contact}: {statuses:?}");
        assert_eq!(count(&statuses, 429) + count(&statuses, 503), 195, "{contact}: {statuses:?}");
    }
    assert_eq!(sign_in(&server, MARTHA, RIGHT, "127.0.0.1").await, 200, "from a familiar address");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_50_right_passwords_at_once_all_sign_in() {
    let server = server(&[]).await;
    server.user(MARTHA, RIGHT).await;
    let statuses = join_all((0..50).map(|_| sign_in(&server, MARTHA, RIGHT, STRANGER))).await;
    assert_eq!(count(&statuses, 200), 50, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_a_full_hash_gate_nor_clients_that_hang_up_lock_the_owner_out() {
    let gate = [("ASTEROID_PASSWORDS__HASHING__THREADS", "1"), ("ASTEROID_PASSWORDS__HASHING__QUEUE", "1")];
    let server = server(&gate).await;
    server.user(MARTHA, RIGHT).await;
    let mut overloaded = 0;
    for _ in 0..10 {
        // At two contacts, so that more tries run than the gate takes.
        let tries = (0..20).map(|n| sign_in(&server, ["phone@example.com", MARTHA][n % 2], RIGHT, STRANGER));
        overloaded += count(&join_all(tries).await, 503);
    }
    assert!(overloaded > 0, "the gate was never full");
    for _ in 0..20 {
        let gone = sign_in(&server, MARTHA, RIGHT, "203.0.113.9");
        let _ = tokio::time::timeout(Duration::from_millis(5), gone).await;
    }
    // What was received runs to its end.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(sign_in(&server, MARTHA, RIGHT, "192.0.2.200").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_at_a_phone_are_not_felt_at_the_email_address_of_its_owner() {
    let server = server(&[]).await;
    let practice = json!({
        "practiceId": 1, "sourceId": 1, "name": "Practice 1", "slug": "practice1",
        "features": [], "timeZone": "UTC", "enterpriseIds": [],
    });
    let ann = owner("1001", "Ann Two", &json!({"email": "ann@example.com", "phone": "555-665-4345"}));
    let imported = server.import(&json!({"practices": [practice], "users": [ann]}));
    assert!(imported.status.success(), "{imported:?}");
    for _ in 0..5 {
        assert_eq!(sign_in(&server, "555-665-4345", "a wrong password", STRANGER).await, 401);
    }
    assert_eq!(sign_in(&server, "555-665-4345", "a wrong password", STRANGER).await, 429);
    assert_eq!(sign_in(&server, "ann@example.com", "a wrong password", STRANGER).await, 401);
    assert_eq!(sign_in(&server, "ann@example.com", "three-spotted-hounds", STRANGER).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_at_400_accounts_from_one_network_are_limited() {
    let server = server(&[]).await;
    server.user(MARTHA, RIGHT).await;
    let contacts: Vec<String> = (0..400).map(|n| format!("user{n}@example.com")).collect();
    let tries = contacts.iter().map(|contact| sign_in(&server, contact, "a wrong password", "2001:db8::1"));
    let statuses = join_all(tries).await;
    assert_eq!(count(&statuses, 401), 30, "{statuses:?}");
    assert_eq!(count(&statuses, 429) + count(&statuses, 503), 370, "{statuses:?}");
    assert_eq!(sign_in(&server, MARTHA, RIGHT, "2001:db8::2").await, 429, "the same /64");
    assert_eq!(sign_in(&server, MARTHA, RIGHT, "2001:db8:0:1::2").await, 200, "another one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_codes_at_60_contacts_from_one_network_are_limited_with_wrong_passwords() {
    let server = server(&[]).await;
    server.user(MARTHA, RIGHT).await;
    let post = async |path: &str, from: &str, body: serde_json::Value| {
        let method = if path.ends_with("reset") { reqwest::Method::PUT } else { reqwest::Method::POST };
        let request = server.client.request(method, server.url(path)).header("x-forwarded-for", from);
        request.json(&body).send().await.expect("an answer")
    };
    let wrong = async |contact: String, from: &str| {
        let body = json!({"contact": contact, "code": "00000"});
        post("/v1/auth/verification_codes/verify", from, body).await.status().as_u16()
    };
    let tries = (0..60).map(|n| wrong(format!("user{n}@example.com"), "2001:db8::1"));
    let statuses = join_all(tries).await;
    assert_eq!(count(&statuses, 401), 30, "{statuses:?}");
    assert_eq!(count(&statuses, 429), 30, "{statuses:?}");
    let new = json!({
        "contact": MARTHA, "code": "00000", "password": "an even finer one", "password_confirmation": "an even finer one",
    });
    let refused = post("/v1/auth/password/reset", "2001:db8::2", new).await;
    assert_eq!(refused.status(), 429, "the same /64");
    let wait: u64 = refused.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(sign_in(&server, MARTHA, RIGHT, "2001:db8::3").await, 429, "one budget of all tries");
    assert_eq!(wrong(MARTHA.to_owned(), "2001:db8:0:1::1").await, 401, "another network");
}
