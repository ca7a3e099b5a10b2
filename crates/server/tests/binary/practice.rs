//! What people see of an imported practice, and what outlives a rotation of the keys.

use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::machine::{EXAMPLE_PRACTICE, Machine};
use super::serving::Server;

/// Asks a server, one thing after the other.
struct Asker {
    runtime: Runtime,
    client: reqwest::Client,
    base: String,
}

impl Asker {
    fn of(server: &Server) -> Self {
        // reqwest makes no client before the process has a TLS provider; another test may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            runtime: Builder::new_current_thread().enable_all().build().expect("a runtime"),
            client: reqwest::Client::builder().no_proxy().build().expect("a client"),
            base: format!("http://{}", server.address),
        }
    }

    fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let request =
            self.client.request(method, format!("{}{path}", self.base)).bearer_auth(token).json(body);
        self.runtime.block_on(async {
            let response = request.send().await.expect("an answer");
            (response.status().as_u16(), response.json().await.expect("JSON"))
        })
    }

    fn get(&self, path: &str, token: &str) -> (u16, Value) {
        self.ask("GET", path, token, &json!({}))
    }

    fn sign_in(&self, email: &str, password: &str) -> Option<String> {
        let body = json!({ "user": { "email": email, "password": password } });
        let (status, answer) = self.ask("POST", "/users/sign_in", "", &body);
        (status == 200).then(|| answer["token"].as_str().expect("a token").to_owned())
    }
}

fn stop(server: Server) {
    server.signal("TERM");
    let end = server.end();
    assert_eq!(end.status, 0);
}

#[test]
fn example_practice_is_imported_beside_a_running_server() {
    let machine = Machine::new();
    let server = Server::start(&machine, &[]);
    machine.write("practice.json", EXAMPLE_PRACTICE);
    let imported = machine.run(&["import", "practice.json"], &[]);
    assert_eq!(imported.status, 0, "{}", imported.err);

    let asker = Asker::of(&server);
    let staff = asker.sign_in("robin.alder@example.com", "tides-turn-twice-daily").expect("signed in");
    let (_, profile) = asker.get("/users/current", &staff);
    assert_eq!(
        (&profile["practiceName"], &profile["primaryRole"]),
        (&"Harbor Lane Veterinary Clinic".into(), &"staff".into())
    );
    assert_eq!(asker.get("/clients", &staff).0, 403, "the terms come first");
    assert_eq!(asker.ask("POST", "/terms", &staff, &json!({ "terms": { "accept": true } })).0, 200);
    let (status, all) = asker.get("/clients", &staff);
    assert_eq!(status, 200);
    let ids: Vec<&str> =
        all.as_array().expect("a list").iter().filter_map(|c| c["clientId"].as_str()).collect();
    assert_eq!(ids, ["1001", "1002", "1003", "1004"]);

    let client = asker.sign_in("nora.quayle@example.com", "three-spotted-hounds").expect("signed in");
    asker.ask("POST", "/terms", &client, &json!({}));
    let (_, own) = asker.get("/clients", &client);
    assert_eq!(
        (&own["clientId"], &own["petRecordsStatus"], &own["patients"][2]["deceasedDate"]),
        (&"1001".into(), &"Active".into(), &"2024-06-30".into())
    );
    assert_eq!(own["createdAt"], "2021-03-14T17:05:00.000Z");
    stop(server);
}

#[test]
fn import_does_not_replace_a_password() {
    let machine = Machine::new();
    let user = |field: &str, value: &str| {
        json!({ "users": [{
            "name": "Nora Quayle", "email": "nora@example.com", field: value, "primaryRole": "pet",
            "roles": ["client"], "practiceId": 1,
        }] })
    };
    // As Devise writes it: bcrypt of IWasTheFirstPrez1776.
    let hash = "$2b$05$K0ByB.6YI2/OYrB4fQOYLeByN3OwSac8na9UcQceWm/vGiln3GErO";
    machine.write("practice.json", EXAMPLE_PRACTICE);
    machine.write("hash.json", &user("passwordHash", hash).to_string());
    machine.write("plain.json", &user("password", "another-fine-password").to_string());
    assert_eq!(machine.run(&["import", "practice.json", "hash.json"], &[]).status, 0);

    let server = Server::start(&machine, &[]);
    let asker = Asker::of(&server);
    let token = asker.sign_in("nora@example.com", "IWasTheFirstPrez1776").expect("signed in");
    let report = machine.json(&["import", "plain.json", "--json"], &[]);
    assert_eq!(report["users"]["unchanged"], 1, "{report}");
    assert_eq!(asker.sign_in("nora@example.com", "another-fine-password"), None);
    assert!(asker.sign_in("nora@example.com", "IWasTheFirstPrez1776").is_some());
    assert_eq!(asker.get("/users/current", &token).0, 200, "sessions stay");
    stop(server);
}

#[test]
fn tokens_stay_valid_after_key_rotation() {
    let machine = Machine::new();
    machine.write("practice.json", EXAMPLE_PRACTICE);
    assert_eq!(machine.run(&["import", "practice.json"], &[]).status, 0);
    let mut tokens = Vec::new();
    for arguments in
        [&["keys", "rotate"][..], &["keys", "rotate", "--stage"], &["keys", "rotate"], &["keys", "list"]]
    {
        let server = Server::start(&machine, &[]);
        let asker = Asker::of(&server);
        tokens.push(asker.sign_in("nora.quayle@example.com", "three-spotted-hounds").expect("signed in"));
        assert_eq!(machine.run(arguments, &[]).status, 0);
        for token in &tokens {
            assert_eq!(asker.get("/users/current", token).0, 200);
        }
        stop(server);
    }
}
