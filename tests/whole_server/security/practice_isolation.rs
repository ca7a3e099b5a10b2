//! No user sees a client of another practice: three practices, every role, every route, before and after the terms are
//! accepted.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::Server;

const PASSWORD: &str = "a fine long password";
const ROLES: [&str; 4] = ["staff", "admin", "client", "groomer"];

fn client(practice: i64, id: &str) -> Value {
    json!({
        "sourceId": practice, "practiceId": practice, "clientId": id, "firstName": "Owner", "lastName": id,
        "status": "active", "balanceDue": 0,
        "patients": [{"sourceId": practice, "practiceId": practice, "patientId": format!("p{id}"), "name": "Pi", "status": "active"}],
    })
}

/// The same client ids in each practice, so that only the practice distinguishes them.
fn records() -> Value {
    let practices = [1, 2, 3];
    let users = practices.into_iter().flat_map(|practice| {
        ROLES.into_iter().map(move |role| {
            json!({
                "name": "Other User", "email": format!("{role}@practice{practice}.example.com"),
                "password": PASSWORD, "primaryRole": role, "roles": [role], "practiceId": practice,
                "clientId": (role == "client").then_some("1"),
            })
        })
    });
    json!({
        "practices": practices.map(|id| json!({
            "practiceId": id, "sourceId": id, "name": format!("Practice {id}"), "slug": format!("practice{id}"),
            "features": [], "timeZone": "Europe/Berlin", "enterpriseIds": [],
        })),
        "users": users.collect::<Vec<_>>(),
        "clients": practices.map(|id| [client(id, "1"), client(id, "2"), client(id, "3")]).concat(),
    })
}

fn assert_all_of(practice: i64, answer: &Value) {
    let clients =
        if answer.is_array() { answer.as_array().cloned().unwrap_or_default() } else { vec![answer.clone()] };
    for client in clients {
        assert_eq!(client["practiceId"], practice, "{client}");
        assert_eq!(client["primaryPractice"], format!("Practice {practice}"), "{client}");
        for patient in client["patients"].as_array().expect("patients") {
            assert_eq!(patient["practiceId"], practice, "{client}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_user_sees_a_client_of_another_practice() {
    let server = Server::start().await;
    let imported = server.import(&records());
    assert!(imported.status.success(), "{imported:?}");
    for practice in 1..=3 {
        for role in ROLES {
            let email = format!("{role}@practice{practice}.example.com");
            let token = server.sign_in(&email, PASSWORD).await.token();
            for path in
                ["/clients", "/clients?limit=2", "/clients?q=owner", "/clients/1", "/clients/2", "/clients/9"]
            {
                assert_eq!(
                    server.get(path, Some(&token)).await.status,
                    403,
                    "{email} {path}: not accepted yet"
                );
                assert_eq!(server.get(path, None).await.status, 401);
            }
            let accepted =
                server.request(Method::POST, "/terms", Some(&token), None).await.expect("an answer");
            assert_eq!(accepted.status, 200);
            let list = server.get("/clients", Some(&token)).await;
            let found = server.get("/clients/2", Some(&token)).await;
            let unknown = server.get("/clients/9", Some(&token)).await;
            match role {
                "staff" | "admin" => {
                    let ids: Vec<Value> = list
                        .json()
                        .as_array()
                        .expect("a list")
                        .iter()
                        .map(|c| c["clientId"].clone())
                        .collect();
                    assert_eq!(ids, ["1", "2", "3"]);
                    assert_all_of(practice, &list.json());
                    assert_all_of(practice, &found.json());
                    for query in
                        ["?limit=2", "?q=owner", "?status=active", "?updatedSince=2000-01-01T00:00:00Z"]
                    {
                        assert_all_of(
                            practice,
                            &server.get(&format!("/clients{query}"), Some(&token)).await.json(),
                        );
                    }
                    assert_eq!(unknown.status, 404);
                }
                "client" => {
                    assert_eq!(list.json()["clientId"], "1");
                    assert_all_of(practice, &list.json());
                    assert_eq!((found.status.as_u16(), unknown.status.as_u16()), (404, 404));
                    assert_eq!(found.json(), unknown.json(), "the response does not reveal that it exists");
                }
                _ => {
                    for answer in [&list, &found, &unknown] {
                        assert_eq!(answer.status, 403, "{email}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn pagination_lists_every_client_once_and_new_terms_close_the_terms_gate() {
    let server = Server::start().await;
    let mut records = records();
    records["clients"] = (0..25).map(|n| client(1, &format!("{n:02}"))).collect();
    assert!(server.import(&records).status.success());
    let token = server.sign_in("staff@practice1.example.com", PASSWORD).await.token();
    server.request(Method::POST, "/terms", Some(&token), None).await.expect("an answer");
    let (mut path, mut seen) = ("/clients?limit=10".to_owned(), Vec::new());
    loop {
        let page = server.get(&path, Some(&token)).await;
        seen.extend(page.json().as_array().expect("a list").iter().map(|c| c["clientId"].clone()));
        let Some(link) = page.header("link") else { break };
        let (next, rel) = link.split_once('>').expect("a link");
        assert_eq!(rel.trim(), "; rel=\"next\"");
        path = next.trim_start_matches('<').to_owned();
    }
    let all: Vec<Value> = (0..25).map(|n| json!(format!("{n:02}"))).collect();
    assert_eq!(seen, all);
    let whole = server.get("/clients", Some(&token)).await;
    assert_eq!(whole.json().as_array().map(Vec::len), Some(25));

    // A record that was imported today is a change since yesterday, even if its own date is older.
    records["clients"][7]["firstName"] = json!("Changed");
    records["clients"][7]["lastSyncedAt"] = json!("2022-12-01T15:50:30.000Z");
    let mut fresh = client(1, "fresh");
    fresh["lastSyncedAt"] = json!("2022-12-01T15:50:30.000Z");
    let before = whole.json()[0]["lastSyncedAt"].as_str().expect("a time").to_owned();
    records["clients"].as_array_mut().expect("a list").push(fresh);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert!(server.import(&records).status.success());
    let since = format!("{}.999Z", &before[..19]);
    let changed = server.get(&format!("/clients?updatedSince={since}"), Some(&token)).await;
    let ids: Vec<Value> =
        changed.json().as_array().expect("a list").iter().map(|c| c["clientId"].clone()).collect();
    assert_eq!(ids, ["07", "fresh"]);

    std::fs::write(server.folder().join("terms.txt"), "Newer terms.").expect("written");
    let published = server.run(&["terms", "publish", "--version", "newer", "--file", "terms.txt", "--yes"]);
    assert!(published.status.success(), "{published:?}");
    assert_eq!(server.get("/clients", Some(&token)).await.status, 403);
    server.request(Method::POST, "/terms", Some(&token), None).await.expect("an answer");
    assert_eq!(server.get("/clients", Some(&token)).await.status, 200);
}
