//! The commands of `docs/moving-to-asteroid.md`, on small example exports of other systems.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io::{Write, stderr};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Once;

use asteroid_diesel::postgres::testing::TestDatabase;
use serde_json::{Value, json};

use crate::harness::Server;

const PAGE: &str = include_str!("../../../docs/moving-to-asteroid.md");

/// The hash parameters of the example project, as Firebase's console shows them.
const FIREBASE: [(&str, &str); 4] = [
    (
        "SIGNER_KEY",
        "c2l4dHktZm91ciBieXRlcyBvZiBhbiBpbnZlbnRlZCBwcm9qZWN0J3Mgc2lnbmVyIGtleSwgbm8gcmVhbCBvbmU=",
    ),
    ("SALT_SEPARATOR", "Bw=="),
    ("ROUNDS", "8"),
    ("MEM_COST", "10"),
];

/// An export of another system.
enum Export {
    /// A file of this name, for jq.
    File(&'static str, &'static str),
    /// A `PostgreSQL` database that this script creates.
    Database(&'static str),
}

/// The commands in the section with this heading.
fn blocks(heading: &str) -> Vec<&'static str> {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).expect("the section is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap_or_default()).collect()
}

/// The commands of the common steps.
fn steps() -> Vec<&'static str> {
    let (steps, _) = PAGE.split_once("\n## ").expect("there are sections");
    steps.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap_or_default()).collect()
}

/// Whether the program is installed. If not, standard error says once that tests are skipped.
fn is_installed(program: &str, required_by: &str) -> bool {
    static SAID: Once = Once::new();
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return true;
    }
    assert!(env::var_os(required_by).is_none(), "{required_by} is set, and {program} is not installed");
    // Not with a macro: the test harness captures its output.
    SAID.call_once(|| {
        let what = "moving from other systems";
        drop(writeln!(
            stderr(),
            "\nSKIPPED: every test of {what} that needs {program}: it is not installed."
        ));
    });
    false
}

/// The records that the page's command creates from an export; [`None`] if a program that it needs is not installed.
fn records(heading: &str, export: &Export) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut variables = HashMap::from(FIREBASE);
    let database = match export {
        Export::File(name, text) => {
            if !is_installed("jq", "ASTEROID_REQUIRE_JQ") {
                return None;
            }
            fs::write(folder.path().join(name), text).expect("written");
            None
        }
        Export::Database(script) => {
            if !is_installed("psql", "ASTEROID_REQUIRE_POSTGRES") {
                return None;
            }
            let database = TestDatabase::create()?;
            fs::write(folder.path().join("old.sql"), script).expect("written");
            Some(database)
        }
    };
    let url = database.as_ref().map(|database| database.url().expose().replace("?&", "?"));
    if let Some(url) = &url {
        variables.insert("OLD_DATABASE_URL", url);
        let make = r#"psql -qX -v ON_ERROR_STOP=1 "$OLD_DATABASE_URL" -f old.sql"#;
        succeed(&shell(make, folder.path(), &variables));
    }
    let [command] = blocks(heading)[..] else { panic!("{heading} has one command") };
    succeed(&shell(command, folder.path(), &variables));
    Some(fs::read_to_string(folder.path().join("users.ndjson")).expect("the command makes it"))
}

fn shell(script: &str, folder: &Path, variables: &HashMap<&str, &str>) -> Output {
    let mut bash = Command::new("bash");
    bash.args(["-ec", script]).current_dir(folder).envs(variables);
    bash.output().expect("bash runs")
}

/// Runs a script in the server's folder with its settings, as its operator does.
fn administer(server: &Server, script: &str) -> Output {
    let asteroid = server.command(&[]);
    let binaries = Path::new(asteroid.get_program()).parent().expect("a folder");
    let path = env::var("PATH").unwrap_or_default();
    let mut bash = Command::new("bash");
    bash.args(["-ec", script]).current_dir(server.folder());
    for (name, value) in asteroid.get_envs() {
        match value {
            Some(value) => bash.env(name, value),
            None => bash.env_remove(name),
        };
    }
    bash.env("PATH", format!("{}:{path}", binaries.display())).output().expect("bash runs")
}

fn succeed(output: &Output) {
    assert!(output.status.success(), "{output:?}");
}

/// The counts of the imported users.
fn report(server: &Server, command: &str) -> Value {
    let output = administer(server, command);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    report["users"].clone()
}

/// Imports the users of an export, and signs each in with its password of the other system.
async fn moves(heading: &str, export: &Export, users: &[(&str, Option<&str>)], others: &[(&str, &str)]) {
    let Some(records) = records(heading, export) else { return };
    let server = Server::start().await;
    fs::write(server.folder().join("users.ndjson"), &records).expect("written");
    let [try_it, import] = steps()[..] else { panic!("one command tries, one imports") };

    succeed(&administer(&server, try_it));
    for (contact, password) in users {
        let answer = server.sign_in(contact, password.unwrap_or_default()).await;
        assert_ne!(answer.status, 200, "{contact}: a dry run keeps nothing");
    }
    succeed(&administer(&server, import));
    for (contact, password) in users {
        if let Some(password) = password {
            // The first sign-in replaces the hash.
            for time in ["first", "second"] {
                assert_eq!(server.sign_in(contact, password).await.status, 200, "{contact}, {time} time");
            }
            let answer = server.sign_in(contact, &format!("x{password}")).await;
            assert_eq!(answer.status, 401, "{contact}");
        }
        server.post("/v1/auth/password/forgot", &json!({ "contact": contact })).await;
        server.code(&sent_to(contact), "reset_code").await;
    }
    for (contact, password) in others {
        assert_eq!(server.sign_in(contact, password).await.status, 401, "{contact}");
    }
    let again = report(&server, "asteroid import --json users.ndjson");
    assert_eq!((&again["created"], &again["updated"], &again["refused"]), (&json!(0), &json!(0), &json!(0)));
}

/// The stored text of this contact.
fn sent_to(contact: &str) -> String {
    if contact.contains('@') { contact.to_owned() } else { format!("+1{contact}") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_move_from_devise_with_their_passwords() {
    let export = Export::Database(include_str!("other_systems/devise.sql"));
    let users = [
        ("ida.brook@example.com", Some("a lamp in the fog")),
        ("jonah@example.com", Some("абвгдежзиклмнопрстуфхцчшщэюя-абвгдежзи")),
        ("invited.only@example.com", None),
    ];
    let others = [("not.confirmed@example.com", "quiet brass bells")];
    moves("From Devise", &export, &users, &others).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_move_from_django_with_their_passwords() {
    let export = Export::Database(include_str!("other_systems/django.sql"));
    let users = [
        ("kit.marlow@example.com", Some("tide pools at noon")),
        ("lena.frost@example.com", Some("larch and heather")),
        ("milo@example.com", Some("seven slow barges")),
        ("nell.ash@example.com", None),
    ];
    let others = [("otto.reed@example.com", "tide pools at noon")];
    moves("From Django", &export, &users, &others).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_move_from_firebase_with_their_passwords() {
    let export = Export::File("users.json", include_str!("other_systems/firebase.json"));
    let users = [
        ("tess.lane@example.com", Some("otters in the reeds")),
        // The number is verified, the address is not.
        ("5556654346", Some("nine blue marbles")),
    ];
    let others = [
        ("not.verified@example.com", "nine blue marbles"),
        ("never.verified@example.com", "nine blue marbles"),
        ("by.link@example.com", "nine blue marbles"),
    ];
    moves("From Firebase", &export, &users, &others).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_move_from_supabase_with_their_passwords() {
    let export = Export::Database(include_str!("other_systems/supabase.sql"));
    let users = [
        ("pia.holm@example.com", Some("two dozen kites")),
        ("5556654345", Some("moss under birches")),
        ("ray.voss@example.com", Some("otters in the reeds")),
        ("with.google@example.com", None),
    ];
    let others = ["unconfirmed@example.com", "banned@example.com", "deleted@example.com"];
    let others = others.map(|contact| (contact, "two dozen kites"));
    moves("From Supabase (GoTrue)", &export, &users, &others).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_move_from_auth0_with_their_passwords() {
    let export = Export::File("users.json", include_str!("other_systems/auth0.ndjson"));
    let users = [
        ("vera.quist@example.com", Some("copper roof rain")),
        ("walt@example.com", Some("salt on the pier")),
    ];
    let others = [("never@example.com", "salt on the pier"), ("blocked@example.com", "salt on the pier")];
    moves("From Auth0", &export, &users, &others).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_move_from_keycloak_with_their_passwords() {
    let export = Export::File("realm.json", include_str!("other_systems/keycloak.json"));
    let users = [
        ("yara.stone@example.com", Some("ferns by the weir")),
        ("zeno.hart@example.com", Some("chalk on slate")),
        ("abel@example.com", Some("wool and linen")),
        ("bea.lund@example.com", None),
    ];
    let others = [("unverified@example.com", "wool and linen"), ("cal.moor@example.com", "wool and linen")];
    moves("From Keycloak", &export, &users, &others).await;
}

/// One of the three users has a hash of an unsupported scheme.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_with_an_unsupported_hash_moves_without_it_and_resets_the_password() {
    let export = Export::File("users.json", include_str!("other_systems/backend.ndjson"));
    let Some(records) = records("From another backend of `/v1/auth`", &export) else { return };
    let server = Server::start().await;
    fs::write(server.folder().join("users.ndjson"), &records).expect("written");

    let refused = administer(&server, "asteroid import users.ndjson");
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    let reason = "user refused: passwordHash: is a hash of sha512crypt, which is not supported";
    assert!(said.contains(reason) && !said.contains("rounds=5000"), "{said}");

    let [without_hashes, ..] = blocks("Unsupported password hashes")[..] else { panic!("a command") };
    succeed(&administer(&server, without_hashes));
    for contact in ["dora.penn@example.com", "5556654347"] {
        assert_eq!(server.sign_in(contact, "IWasTheFirstPrez1776").await.status, 200, "{contact}");
    }
    let token = server.sign_in("dora.penn@example.com", "IWasTheFirstPrez1776").await.token();
    assert_eq!(server.get("/v1/auth/me", Some(&token)).await.json()["id"], 101);

    let contact = "faye.sand@example.com";
    server.post("/v1/auth/password/forgot", &json!({ "contact": contact })).await;
    let code = server.code(contact, "reset_code").await;
    let body = json!({
        "contact": contact, "code": code,
        "password": "a pier in the mist", "password_confirmation": "a pier in the mist",
    });
    assert_eq!(server.put("/v1/auth/password/reset", None, &body).await.status, 200);
    assert_eq!(server.sign_in(contact, "a pier in the mist").await.status, 200);
}
