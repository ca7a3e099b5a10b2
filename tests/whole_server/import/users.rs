//! Imported users: members of several practices or none, disabled users, and users of two records.

use reqwest::Method;
use serde_json::{Value, json};

use super::contacts::{owner, server};
use crate::harness::Server;

const PASSWORD: &str = "three-spotted-hounds";

async fn signed_in(server: &Server, email: &str) -> Value {
    let body = json!({"user": {"email": email, "password": PASSWORD}});
    let answer = server.post("/users/sign_in", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn with(record: &Value, name: &str, value: Value) -> Value {
    let mut record = record.clone();
    record[name] = value;
    record
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_two_practices_is_one_user_who_selects_the_practice() {
    let server = server().await;
    let first = owner("1001", "Ona Two", &json!({"email": "ona@example.com"}));
    let second = with(&with(&first, "practiceId", json!(2)), "clientId", json!("77"));
    assert_eq!(server.import_users(std::slice::from_ref(&first)).0, [1, 0, 0, 0]);
    assert_eq!(server.import_users(std::slice::from_ref(&second)).0, [0, 1, 0, 0]);
    for record in [&first, &second, &first, &second] {
        let (counts, report) = server.import_users(std::slice::from_ref(record));
        assert_eq!((counts, &report["warnings"]), ([0, 0, 1, 0], &json!([])), "{report}");
    }
    let profile = signed_in(&server, "ona@example.com").await;
    assert_eq!((&profile["practiceId"], &profile["clientId"]), (&json!(1), &json!("1001")));
    let token = profile["token"].as_str();
    server.request(Method::POST, "/terms", token, None).await.expect("an answer");
    for (path, status, client) in [
        ("/users/current", 200, json!("1001")),
        ("/users/current?practiceId=1", 200, json!("1001")),
        ("/users/current?practiceId=2", 200, json!("77")),
        ("/users/current?practiceId=3", 422, Value::Null),
        ("/users/current?practiceId=two", 422, Value::Null),
        ("/clients", 200, json!("1001")),
        ("/clients?practiceId=2", 200, json!("77")),
        ("/clients?practiceId=3", 403, Value::Null),
        ("/clients/77?practiceId=2", 200, json!("77")),
        ("/clients/77", 404, Value::Null),
    ] {
        let answer = server.get(path, token).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["clientId"]), (status, &client), "{path}");
    }
    // Each practice replaces its own address; the name is that of the first one.
    let moved = with(&with(&second, "email", json!("ona2@example.com")), "name", json!("O. Two"));
    let (counts, report) = server.import_users(std::slice::from_ref(&moved));
    assert_eq!((counts, &report["warnings"][0]["problems"][0]["field"]), ([0, 1, 0, 0], &json!("name")));
    for record in [&first, &moved, &first] {
        assert_eq!(server.import_users(std::slice::from_ref(record)).0, [0, 0, 1, 0]);
    }
    let again = with(&second, "email", json!("ona3@example.com"));
    assert_eq!(server.import_users(&[again]).0, [0, 1, 0, 0]);
    for (email, status) in [("ona@example.com", 200), ("ona2@example.com", 401), ("ona3@example.com", 200)] {
        assert_eq!(server.sign_in(email, PASSWORD).await.status, status, "{email}");
    }
    // A record with another name in another practice is another user with a shared address.
    let other = json!({"email": "ona@example.com", "phone": "555-665-0001", "practiceId": 2});
    let (counts, report) = server.import_users(&[owner("78", "Ben Lee", &other)]);
    assert_eq!((counts, report["warnings"].as_array().map(Vec::len)), ([1, 0, 0, 0], Some(1)), "{report}");
    // A removed membership ends at once.
    let profile = signed_in(&server, "ona@example.com").await;
    let token = profile["token"].as_str();
    assert_eq!(server.get("/clients", token).await.status, 200);
    let groomer = with(&first, "roles", json!(["groomer"]));
    assert_eq!(server.import_users(&[groomer]).0, [0, 1, 0, 0]);
    assert_eq!(server.get("/clients", token).await.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_may_have_no_practice_one_name_and_no_password() {
    let server = server().await;
    let users = [
        json!({"name": "Teller", "email": "teller@example.com", "password": PASSWORD}),
        json!({"name": "No Password", "email": "none@example.com", "passwordHash": ""}),
        json!({"firstName": "Solo", "lastName": "", "email": "solo@example.com", "passwordHash": null}),
        json!({"name": "Un Placed", "email": "unplaced@example.com", "primaryRole": "staff", "roles": ["staff"]}),
    ];
    for expected in [[4, 0, 0, 0], [0, 0, 4, 0]] {
        let (counts, report) = server.import_users(&users);
        assert_eq!(counts, expected, "{report}");
        let fields: Vec<&Value> = report["warnings"][0]["problems"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|problem| &problem["field"])
            .collect();
        assert_eq!(fields, ["primaryRole", "roles"]);
    }
    let profile = signed_in(&server, "teller@example.com").await;
    assert_eq!((&profile["name"], &profile["practiceId"]), (&json!("Teller"), &Value::Null));
    server.post("/v1/auth/verification_codes/send", &json!({"email": "none@example.com"})).await;
    let code = server.code("none@example.com", "sign_in_code").await;
    let body = json!({"contact": "none@example.com", "code": code});
    let token = server.post("/v1/auth/verification_codes/verify", &body).await.token();
    assert_eq!(server.get("/v1/auth/me", Some(&token)).await.json()["last_name"], "Password");
    // Without a practice, the id identifies the user.
    let by_id = |email: &str| json!({"id": 500, "name": "By Id", "email": email, "password": PASSWORD});
    server.import_users(&[by_id("one@example.com")]);
    assert_eq!(server.import_users(&[by_id("two@example.com")]).0, [0, 1, 0, 0]);
    assert_eq!(server.sign_in("one@example.com", PASSWORD).await.status, 401);
    assert_eq!(server.sign_in("two@example.com", PASSWORD).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_user_is_signed_out_at_once() {
    let server = server().await;
    let record = owner("1001", "Ann Lee", &json!({"email": "ann@example.com"}));
    server.import_users(std::slice::from_ref(&record));
    let token = server.sign_in("ann@example.com", PASSWORD).await.token();
    let (disabled, enabled) =
        (with(&record, "status", json!("disabled")), with(&record, "status", json!("enabled")));
    for (record, expected, status) in [
        (&disabled, [0, 1, 0, 0], 401),
        (&disabled, [0, 0, 1, 0], 401),
        // A record without a status changes nothing.
        (&record, [0, 0, 1, 0], 401),
        (&enabled, [0, 1, 0, 0], 200),
    ] {
        assert_eq!(server.import_users(std::slice::from_ref(record)).0, expected, "{record}");
        assert_eq!(server.get("/users/current", Some(&token)).await.status, 401);
        assert_eq!(server.sign_in("ann@example.com", PASSWORD).await.status, status, "{record}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_record_of_a_client_with_other_contacts_is_refused() {
    let server = server().await;
    let record = |email: &str| owner("1001", "Ann Lee", &json!({"email": email}));
    let users = [record("a@example.com"), record("b@example.com"), record("a@example.com")];
    for expected in [[1, 0, 1, 1], [0, 0, 2, 1]] {
        let (counts, report) = server.import_users(&users);
        assert_eq!(counts, expected, "{report}");
        let problem = &report["refusals"][0]["problems"][0];
        assert_eq!(problem["field"], "clientId");
        assert_eq!(
            problem["reason"],
            "an earlier record of this file is of the same user, with other values"
        );
    }
    // A record that only a contact identifies is another user if the name differs.
    let staff = |name: &str| json!({"name": name, "email": "s@example.com", "primaryRole": "staff", "roles": ["staff"], "practiceId": 1});
    assert_eq!(server.import_users(&[staff("Rob Ek")]).0, [1, 0, 0, 0]);
    assert_eq!(server.import_users(&[staff("rob ek")]).0, [0, 1, 0, 0]);
    assert_eq!(server.import_users(&[staff("Bob Ek")]).0, [0, 0, 0, 1]);
}
