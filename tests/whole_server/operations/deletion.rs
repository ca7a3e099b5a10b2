//! `asteroid user delete`: what is left of a deleted user.

use reqwest::Method;
use serde_json::{Value, json};

use super::users::{done, refused};
use crate::harness::Server;

const PASSWORD: &str = "a fine long password";
const EMAIL: &str = "Canary.Finch@zx81.example";
const PHONE: &str = "+16505550142";
const AGENT: &str = "CanaryBrowser/7.3";
/// Where the user's requests come from, as a proxy on this machine says.
const ADDRESS: &str = "203.0.113.77";
/// What tells something about the user: as it was given, normalized, and masked.
const CANARIES: [&str; 9] = [
    "canary.finch",
    "c…h@zx81.example",
    "6505550142",
    "+1650…42",
    "serinus",
    "domestica",
    "canarybrowser",
    "203.0.113.",
    "zx81.example",
];

struct Visitor<'a> {
    server: &'a Server,
}

impl Visitor<'_> {
    async fn send(&self, method: Method, path: &str, token: Option<&str>, body: Value) -> (u16, Value) {
        let mut request = self.server.client.request(method, self.server.url(path));
        request = request.header("user-agent", AGENT).header("x-forwarded-for", ADDRESS).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, None, body).await
    }

    /// Leaves traces in every table. Returns an opaque token and a signed one.
    async fn leave_traces(&self) -> [String; 2] {
        // Before there is a user, as after it: a stranger's attempt with the contact.
        let login = |password| json!({"contact": EMAIL, "password": password});
        assert_eq!(self.post("/v1/auth/login", login("a wrong long password")).await.0, 401);
        let registration = json!({
            "first_name": "Serinus", "last_name": "Domestica", "email": EMAIL, "type": "personal",
            "password": PASSWORD, "password_confirmation": PASSWORD,
        });
        assert_eq!(self.post("/v1/auth/register", registration).await.0, 200);
        let code = self.server.code(EMAIL, "registration_code").await;
        let (status, _) =
            self.post("/v1/auth/verification_codes/verify", json!({"contact": EMAIL, "code": code})).await;
        assert_eq!(status, 200);
        assert_eq!(self.post("/v1/auth/login", login("a wrong long password")).await.0, 401);
        let (_, signed_in) = self.post("/v1/auth/login", login(PASSWORD)).await;
        let opaque = signed_in["data"]["access_token"].as_str().expect("a token").to_owned();
        let (_, signed_in) =
            self.post("/users/sign_in", json!({"user": {"email": EMAIL, "password": PASSWORD}})).await;
        let signed = signed_in["token"].as_str().expect("a token").to_owned();
        assert_eq!(self.send(Method::POST, "/terms", Some(&opaque), json!({})).await.0, 200);
        assert_eq!(self.post("/v1/auth/verification_codes/send", json!({"email": EMAIL})).await.0, 204);
        assert_eq!(self.post("/v1/auth/password/forgot", json!({"contact": EMAIL})).await.0, 200);
        self.server.code(EMAIL, "reset_code").await;
        [opaque, signed]
    }
}

#[tokio::test]
async fn a_deleted_user_leaves_the_id_alone_in_the_database() {
    let server = Server::start_with(&[
        ("ASTEROID_LIMITS__ENABLED", "false"),
        ("ASTEROID_HTTP__TRUSTED_PROXIES", "127.0.0.1/32"),
    ])
    .await;
    let other = server.another().await;
    let bystander = server.user("george@example.com", PASSWORD).await;
    let tokens = Visitor { server: &server }.leave_traces().await;
    let shown = done(&server, &["user", "show", EMAIL]);
    let id = shown["id"].as_i64().expect("an id");
    // A membership, a second contact and an event of an operator.
    let record = json!({"id": id, "name": "Serinus Domestica", "email": EMAIL, "phone": PHONE});
    let (counts, report) = server.import_users(std::slice::from_ref(&record));
    assert_eq!(counts[3], 0, "{report}");
    done(&server, &["user", "edit", EMAIL, "--first-name", "Serinus", "--last-name", "Domestica"]);
    let before = server.dump().to_lowercase();
    for canary in CANARIES.iter().filter(|canary| !canary.starts_with("+1650")) {
        assert!(before.contains(canary), "the user left no {canary}");
    }

    // Without the word of an operator, nothing happens.
    let (status, error) = refused(&server.run(&["user", "delete", EMAIL]));
    assert_eq!(status, Some(1));
    assert!(error.contains(&format!("user {id} would be gone for good: --yes")), "{error}");
    let (status, error) = refused(&server.run(&["user", "delete", "unknown@example.com", "--yes"]));
    assert!(status == Some(1) && error.contains("there is no user `unknown@example.com`"), "{error}");
    assert_eq!(server.get("/v1/auth/me", Some(&tokens[0])).await.status, 200);

    assert_eq!(done(&server, &["user", "delete", EMAIL, "--yes"]), json!({"id": id, "deleted": true}));
    let dump = server.dump().to_lowercase();
    for canary in CANARIES {
        assert!(!dump.contains(canary), "{canary} is left: {}", around(&dump, canary));
    }
    for server in [&server, &other] {
        for token in &tokens {
            assert_eq!(server.get("/v1/auth/me", Some(token)).await.status, 401);
            assert_eq!(server.get("/users/current", Some(token)).await.status, 401);
        }
        assert_eq!(server.get("/v1/auth/me", Some(&bystander)).await.status, 200);
        assert_eq!(server.sign_in(EMAIL, PASSWORD).await.status, 401);
    }
    let (status, _) = refused(&server.run(&["user", "delete", &id.to_string(), "--yes"]));
    assert_eq!(status, Some(1), "it is gone");

    let events = done(&server, &["audit", "--user", &id.to_string()]);
    let events = events["events"].as_array().expect("a list");
    let actions: Vec<&str> = events.iter().filter_map(|event| event["action"].as_str()).collect();
    assert_eq!(actions[..2], ["delete_user", "edit_user"], "{events:?}");
    assert!(actions.contains(&"sign_in") && actions.contains(&"accept_terms"), "{events:?}");
    assert!(events[0]["operator"].is_string() && events[0]["contact"].is_null(), "{:?}", events[0]);
}

#[tokio::test]
async fn an_import_does_not_create_a_deleted_user_again_and_a_registration_does() {
    let server = Server::start().await;
    let record = json!({"id": 70, "name": "Serinus Domestica", "email": EMAIL, "phone": PHONE});
    let others = json!({"id": 71, "name": "George Washington", "email": "george@example.com"});
    let records = [record, others];
    assert_eq!(server.import_users(&records).0, [2, 0, 0, 0]);
    done(&server, &["user", "delete", PHONE, "--yes"]);
    let (counts, report) = server.import_users(&records);
    assert_eq!(counts, [0, 0, 2, 0], "{report}");
    assert!(report.to_string().contains("was a user's who was deleted: the record is left out"), "{report}");
    // Known by any of the contacts, too.
    let by_phone = json!({"id": 72, "name": "S. D.", "email": "other@example.com", "phone": PHONE});
    assert_eq!(server.import_users(&[by_phone]).0, [0, 0, 1, 0]);
    refused(&server.run(&["user", "show", "other@example.com"]));

    // With other keys, an import could not tell who was deleted.
    std::fs::write(server.folder().join("records.json"), "[]").expect("written");
    let mut import = server.command(&["import", "records.json", "--json"]);
    import.env("ASTEROID_KEYS__FILE", server.folder().join("none.json"));
    let (status, error) = refused(&import.output().expect("the command runs"));
    assert_eq!(status, Some(1));
    assert!(error.contains("tombstone_key_missing") && error.contains("keys.file"), "{error}");

    // The person may come back, as another user.
    server.user(&EMAIL.to_lowercase(), PASSWORD).await;
    let shown = done(&server, &["user", "show", EMAIL]);
    assert!(shown["id"].as_i64() > Some(71), "{shown}");
}

/// The text around the first place of a word.
fn around<'a>(text: &'a str, word: &str) -> &'a str {
    let at = text.find(word).expect("it is there");
    let start = (0..=at.saturating_sub(200)).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0);
    let end = (at + 200..text.len()).find(|index| text.is_char_boundary(*index)).unwrap_or(text.len());
    &text[start..end]
}
