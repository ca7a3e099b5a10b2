//! Logs contain no secrets, at any level.

use serde_json::json;

use crate::harness::{Server, registration};

#[tokio::test]
async fn logs_at_trace_level_contain_no_secrets() {
    let settings = [("ASTEROID_LIMITS__ENABLED", "false"), ("ASTEROID_LOG__LEVEL", "trace")];
    let server = Server::start_with(&settings).await;
    let (email, first, second) = ("martha.custis@example.com", "Chestnut-Grove-1731", "Mount-Vernon-1759");
    let token = server.user(email, first).await;
    let change = json!({
        "existing_password": first, "new_password": second, "new_password_confirmation": second,
    });
    assert_eq!(server.put("/v1/auth/password/change", Some(&token), &change).await.status, 200);
    assert_eq!(server.post("/v1/auth/password/forgot", &json!({"contact": email})).await.status, 200);
    let code = server.code(email, "reset_code").await;
    let reset = json!({"contact": email, "code": code, "password": first, "password_confirmation": first});
    assert_eq!(server.put("/v1/auth/password/reset", None, &reset).await.status, 200);
    let again = server.sign_in(email, first).await.token();
    assert_eq!(server.sign_in(email, second).await.status, 401);
    assert_eq!(server.post("/v1/auth/register", &registration(email, second)).await.status, 200);
    let phone = json!({
        "first_name": "Martha", "last_name": "Custis", "phone": "555-665-4345", "type": "work",
        "password": second, "password_confirmation": second,
    });
    assert_eq!(server.post("/v1/auth/register", &phone).await.status, 200);
    server.code("+15556654345", "registration_code").await;
    let keys = std::fs::read_to_string(server.folder().join("keys.json")).expect("keys beside the database");
    let keys: serde_json::Value = serde_json::from_str(&keys).expect("JSON");
    let log = server.log();
    assert!(log.contains("/v1/auth/login"), "requests are logged");
    let mut secrets =
        vec![first.to_owned(), second.to_owned(), token, again, email.to_owned(), "5556654345".into()];
    secrets.extend(server.messages().iter().filter_map(|m| Some(format!(" {} ", m["code"].as_str()?))));
    secrets.extend(server.messages().iter().filter_map(|m| Some(format!("\"{}\"", m["code"].as_str()?))));
    secrets.push(keys["codes"][0]["key"].as_str().expect("a key").to_owned());
    secrets.push("$argon2id$".to_owned());
    for secret in secrets {
        assert!(!log.contains(&secret), "`{secret}` is in the log");
    }
}
