//! Concurrent requests: races have one winner.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Server, registration};

const VERIFY: &str = "/v1/auth/verification_codes/verify";

/// Posts all bodies concurrently. Returns the statuses.
async fn post_all(server: &Server, path: &str, bodies: Vec<Value>) -> Vec<u16> {
    let mut requests = JoinSet::new();
    for body in bodies {
        let request = server.client.post(server.url(path)).header("content-type", "application/json");
        let request = request.body(body.to_string());
        requests.spawn(async move { request.send().await.expect("an answer").status().as_u16() });
    }
    requests.join_all().await
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|s| **s == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_200_concurrent_right_codes_is_redeemed() {
    let server = Server::start().await;
    let email = "martha@example.com";
    assert_eq!(
        server.post("/v1/auth/register", &registration(email, "a fine long password")).await.status,
        200
    );
    let code = server.code(email, "registration_code").await;
    let statuses = post_all(&server, VERIFY, vec![json!({"contact": email, "code": code}); 200]).await;
    assert_eq!((count(&statuses, 200), count(&statuses, 401)), (1, 199));
    assert_eq!(server.post("/v1/auth/verification_codes/send", &json!({"email": email})).await.status, 204);
    let code = server.code(email, "sign_in_code").await;
    let statuses = post_all(&server, VERIFY, vec![json!({"contact": email, "code": code}); 200]).await;
    assert_eq!((count(&statuses, 200), count(&statuses, 401)), (1, 199));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_200_concurrent_wrong_codes_the_right_one_is_rejected() {
    let server = Server::start().await;
    let email = "martha@example.com";
    assert_eq!(
        server.post("/v1/auth/register", &registration(email, "a fine long password")).await.status,
        200
    );
    let code = server.code(email, "registration_code").await;
    let wrong = (0..200).map(|n| json!({"contact": email, "code": format!("{n:03}UU")})).collect();
    let statuses = post_all(&server, VERIFY, wrong).await;
    assert_eq!(count(&statuses, 401), 200);
    let right = server.post(VERIFY, &json!({"contact": email, "code": code})).await;
    assert_eq!((right.status.as_u16(), right.json()["data"]["code"].as_str()), (401, Some("INVALID_CODE")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_100_concurrent_registrations_of_a_contact_becomes_a_user() {
    // Cheap hashes and a queue for all of them: the race is about the store.
    let settings = [
        ("ASTEROID_LIMITS__ENABLED", "false"),
        ("ASTEROID_PASSWORDS__HASHING__MEMORY_KIB", "8"),
        ("ASTEROID_PASSWORDS__HASHING__QUEUE", "200"),
    ];
    let server = Server::start_with(&settings).await;
    let email = "martha@example.com";
    let bodies = vec![registration(email, "a fine long password"); 100];
    let statuses = post_all(&server, "/v1/auth/register", bodies).await;
    assert_eq!(count(&statuses, 200), 100, "{statuses:?}");
    let codes = loop {
        let codes: Vec<Value> = server.messages().into_iter().map(|m| m["code"].clone()).collect();
        if codes.len() >= 3 {
            break codes;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let bodies: Vec<Value> =
        (0..100).map(|n| json!({"contact": email, "code": codes[codes.len() - 1 - n % 3]})).collect();
    let statuses = post_all(&server, VERIFY, bodies).await;
    assert!(count(&statuses, 200) <= 1, "{statuses:?}");
    assert_eq!(count(&statuses, 200) + count(&statuses, 401), 100, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_concurrent_with_a_password_change_leaves_no_session_of_the_old_password() {
    let server = Server::start().await;
    let email = "martha@example.com";
    let mut current = "password number 0".to_owned();
    let mut token = server.user(email, &current).await;
    for round in 1..=20 {
        let next = format!("password number {round}");
        let body = json!({
            "existing_password": current, "new_password": next, "new_password_confirmation": next,
        });
        let (changed, first, second) = tokio::join!(
            server.put("/v1/auth/password/change", Some(&token), &body),
            server.sign_in(email, &current),
            server.sign_in(email, &current),
        );
        assert_eq!(changed.status, 200, "{}", changed.text);
        for sign_in in [first, second] {
            if sign_in.status == 200 {
                let me = server.get("/v1/auth/me", Some(&sign_in.token())).await;
                assert_eq!(me.status, 401, "round {round}");
            }
        }
        assert_eq!(server.get("/v1/auth/me", Some(&token)).await.status, 200);
        token = server.sign_in(email, &next).await.token();
        current = next;
    }
}
