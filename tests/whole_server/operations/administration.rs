//! `/admin/v1`: programs administer with admin keys, over several servers.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::users::{done, refused};
use crate::harness::Server;

const PASSWORD: &str = "a fine long password";
const EMAIL: &str = "martha@example.com";
const SETTINGS: &[(&str, &str)] =
    &[("ASTEROID_LIMITS__ENABLED", "false"), ("ASTEROID_ADMIN__BIND", "127.0.0.1:0")];

/// A program with an admin key, and the addresses of the admin listeners.
struct Program {
    client: reqwest::Client,
    secret: String,
    addresses: Vec<String>,
}

struct Reply {
    status: StatusCode,
    etag: Option<String>,
    body: Value,
}

impl Program {
    /// A program with a key of these scopes, and the id of the key.
    fn with_key(servers: &[&Server], name: &str, scopes: &[&str]) -> (Self, String) {
        let scopes = scopes.iter().flat_map(|scope| ["--scope", scope]);
        let arguments: Vec<&str> =
            ["admin-key", "create", "--name", name].into_iter().chain(scopes).collect();
        let key = done(servers[0], &arguments);
        let secret = key["secret"].as_str().expect("a secret").to_owned();
        let addresses = servers.iter().map(|server| server.admin()).collect();
        let program = Self { client: servers[0].client.clone(), secret, addresses };
        (program, key["id"].as_str().expect("an id").to_owned())
    }

    fn request(&self, at: usize, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}/admin/v1{path}", self.addresses[at % self.addresses.len()]);
        self.client.request(method, url).bearer_auth(&self.secret)
    }

    async fn send(request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.expect("an answer");
        let etag = response.headers().get("etag").map(|tag| tag.to_str().expect("text").to_owned());
        Reply { status: response.status(), etag, body: response.json().await.unwrap_or_default() }
    }

    async fn call(&self, method: Method, path: &str) -> Reply {
        Self::send(self.request(0, method, path)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_administer_users_on_all_servers() {
    let one = Server::start_with(SETTINGS).await;
    let other = one.another().await;
    let token = one.user(EMAIL, PASSWORD).await;
    let (program, _) = Program::with_key(&[&one], "shop", &["users:read", "users:write", "audit:read"]);
    let found = program.call(Method::GET, "/users?search=MARTHA@").await.body;
    let id = found["data"][0]["id"].as_i64().expect("an id");
    let user = format!("/users/{id}");

    // What one server does, the other knows.
    assert_eq!(other.get("/v1/auth/me", Some(&token)).await.status, 200);
    let disabled = program.call(Method::POST, &format!("{user}/disable")).await.body;
    assert_eq!(disabled, json!({"id": id, "status": "disabled", "changed": true, "ended_sessions": 1}));
    assert_eq!(other.get("/v1/auth/me", Some(&token)).await.status, 401);
    assert_eq!(other.sign_in(EMAIL, PASSWORD).await.status, 401);
    program.call(Method::POST, &format!("{user}/enable")).await;
    let new = "quite another password";
    let set = program.request(0, Method::PUT, &format!("{user}/password")).json(&json!({"password": new}));
    assert_eq!(Program::send(set).await.status, 200);
    let token = other.sign_in(EMAIL, new).await.token();
    let shown = program.call(Method::GET, &user).await.body;
    let session = shown["sessions"][0]["id"].as_str().expect("a session").to_owned();
    assert_eq!(program.call(Method::DELETE, &format!("{user}/sessions/{session}")).await.status, 204);
    assert_eq!(program.call(Method::DELETE, &format!("{user}/sessions/{session}")).await.status, 404);
    assert_eq!(other.get("/v1/auth/me", Some(&token)).await.status, 401);
    let export = program.call(Method::GET, &format!("{user}/export")).await.body;
    assert_eq!(export["contacts"][0]["contact"], EMAIL);
    assert!(!export.to_string().contains("argon2"), "{export}");

    let events = program.call(Method::GET, &format!("/events?user={id}&limit=200")).await.body;
    let by_program: Vec<&str> = events["data"]
        .as_array()
        .expect("events")
        .iter()
        .filter(|event| event["operator"] == "key shop")
        .filter_map(|event| event["action"].as_str())
        .collect();
    assert_eq!(by_program, ["export_user", "revoke_sessions", "set_password", "enable_user", "disable_user"]);

    assert_eq!(program.call(Method::DELETE, &format!("{user}?confirm={EMAIL}")).await.status, 204);
    assert_eq!(program.call(Method::GET, &user).await.status, 404);
    // With the key of deleted users, which imports ask for.
    let record = json!({"id": id, "name": "Martha Custis", "email": EMAIL});
    assert_eq!(one.import_users(&[record]).0, [0, 0, 1, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_that_is_sent_to_all_servers_at_once_creates_one_user() {
    let one = Server::start_with(SETTINGS).await;
    let other = one.another().await;
    let (program, _) = Program::with_key(&[&one, &other], "shop", &["users:read", "users:write"]);
    for round in 0..5 {
        let key = format!("order {round}");
        let contact = format!("martha.{round}@example.com");
        let body = json!({"first_name": "Martha", "contacts": [contact]});
        let creations = (0..16).map(|at| {
            let request = program.request(at, Method::POST, "/users").header("idempotency-key", &key);
            Program::send(request.json(&body))
        });
        let replies = join_all(creations).await;
        let ids: BTreeSet<Option<i64>> = replies.iter().map(|reply| reply.body["id"].as_i64()).collect();
        assert!(replies.iter().all(|reply| reply.status == 201), "{:?}", replies[0].body);
        assert_eq!(ids.len(), 1, "{ids:?}");
        let without_key = program.request(1, Method::POST, "/users").json(&body);
        assert_eq!(Program::send(without_key).await.body["code"], "CONTACT_TAKEN");
    }
    assert_eq!(program.call(Method::GET, "/users").await.body["data"].as_array().map(Vec::len), Some(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_edits_at_once_one_is_done_and_the_others_are_told() {
    let one = Server::start_with(SETTINGS).await;
    let other = one.another().await;
    let (program, _) = Program::with_key(&[&one, &other], "shop", &["users:read", "users:write"]);
    let create = program.request(0, Method::POST, "/users").json(&json!({"contacts": [EMAIL]}));
    let user = format!("/users/{}", Program::send(create).await.body["id"]);
    for _ in 0..5 {
        let version = program.call(Method::GET, &user).await.etag.expect("a version");
        let edits = (0..8).map(|at| {
            let request = program.request(at, Method::PATCH, &user).header("if-match", &version);
            Program::send(request.json(&json!({"first_name": format!("Martha {at}"), "last_name": version})))
        });
        let replies = join_all(edits).await;
        let (edited, refused): (Vec<&Reply>, Vec<&Reply>) =
            replies.iter().partition(|reply| reply.status == 200);
        assert_eq!((edited.len(), refused.len()), (1, 7));
        assert!(refused.iter().all(|reply| reply.status == 412 && reply.body["code"] == "STALE"));
        let now = program.call(Method::GET, &user).await;
        assert_eq!((&now.body["first_name"], &now.etag), (&edited[0].body["first_name"], &edited[0].etag));
    }
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_on_any_server() {
    let one = Server::start_with(SETTINGS).await;
    let other = one.another().await;
    let (program, id) = Program::with_key(&[&one, &other], "shop", &["users:read"]);
    for at in 0..2 {
        assert_eq!(Program::send(program.request(at, Method::GET, "/users")).await.status, 200);
        assert_eq!(Program::send(program.request(at, Method::GET, "/events")).await.status, 403);
    }
    let listed = done(&one, &["admin-key", "list"]);
    assert!(
        listed[0]["last_used_at"].is_string() && listed[0]["scopes"] == json!(["users:read"]),
        "{listed}"
    );
    assert!(
        !listed.to_string().contains(&program.secret) && !one.dump().contains(&program.secret),
        "{listed}"
    );
    done(&one, &["admin-key", "revoke", &id]);
    for at in 0..2 {
        assert_eq!(Program::send(program.request(at, Method::GET, "/users")).await.status, 401);
    }
    let (status, error) = refused(&one.run(&["admin-key", "revoke", &id]));
    assert!(status == Some(1) && error.contains(&format!("there is no admin key {id}")), "{error}");
    for wrong in [
        &["--name", "", "--scope", "users:read"][..],
        &["--name", "x"],
        &["--name", "x", "--scope", "users"],
        &["--name", "x", "--scope", "users:read", "--expires", "5s"],
    ] {
        assert_eq!(refused(&one.run(&[&["admin-key", "create"], wrong].concat())).0, Some(2), "{wrong:?}");
    }
    let actions = done(&one, &["audit", "--action", "revoke_admin_key"]);
    assert_eq!(actions["events"].as_array().map(Vec::len), Some(1));
}
