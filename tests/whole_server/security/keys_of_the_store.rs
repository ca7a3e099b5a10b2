//! The store knows the keys of its servers: a server with other keys does not start, and a key can be retired.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::Server;

const EMAIL: &str = "martha@example.com";
const PASSWORD: &str = "a fine long password";

/// Starts a server that has to end by itself. Returns its standard error.
fn start_in_vain(server: &Server, keys: &str) -> String {
    let mut command: Command = server.command(&["serve"]);
    let log = server.folder().join("refused");
    command
        .env("ASTEROID_KEYS__FILE", server.folder().join(keys))
        .env("ASTEROID_HTTP__BIND", "127.0.0.1:0")
        .env("ASTEROID_LOG__LEVEL", "error")
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log).expect("a file"));
    let mut child = command.spawn().expect("the server starts");
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the server can be asked for") {
            break status;
        }
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().expect("the server can be killed");
            panic!("the server runs with other keys");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let text = fs::read_to_string(log).expect("the file");
    assert_eq!(status.code(), Some(1), "{text}");
    text
}

fn read_keys(server: &Server) -> Value {
    let text = fs::read_to_string(server.folder().join("keys.json")).expect("the keys");
    serde_json::from_str(&text).expect("JSON")
}

fn write_keys(server: &Server, name: &str, keys: &Value) {
    fs::write(server.folder().join(name), keys.to_string()).expect("written");
}

fn check_succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn check_refused(output: &Output) -> String {
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]), "{output:?}");
    String::from_utf8(output.stderr.clone()).expect("text")
}

async fn sign_in(server: &Server) -> String {
    let body = json!({"user": {"email": EMAIL, "password": PASSWORD}});
    let answer = server.post("/users/sign_in", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_server_with_other_keys_does_not_start() {
    let server = Server::start().await;
    let own = read_keys(&server);
    let (code, token) = (own["codes"][0]["id"].clone(), own["tokens"][0]["id"].clone());
    let (code, token) = (code.as_str().expect("an id"), token.as_str().expect("an id"));

    let said = start_in_vain(&server, "fresh.json");
    for part in [
        "fresh.json (keys.file) are not those of this database: ",
        &format!("none of the code keys is one that servers of this database use: `{code}`"),
        &format!("none of the token keys is one that servers of this database use: `{token}`"),
        "Use the key file of its other servers.",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let fresh: Value = serde_json::from_str(
        &fs::read_to_string(server.folder().join("fresh.json")).expect("it was created"),
    )
    .expect("JSON");
    let mut changed = own.clone();
    changed["tokens"][0]["key"] = fresh["tokens"][0]["key"].clone();
    write_keys(&server, "changed.json", &changed);
    let said = start_in_vain(&server, "changed.json");
    assert!(said.contains(&format!("the token key `{token}` has another secret")), "{said}");
    for keys in [&own, &fresh, &changed] {
        for key in [&keys["codes"][0]["key"], &keys["tokens"][0]["key"]] {
            assert!(!said.contains(key.as_str().expect("a key")), "{said}");
        }
    }

    // A key more on one server, as a staged rotation makes it.
    check_succeeded(&server.run(&["keys", "rotate", "--stage"]));
    let other = server.another().await;
    assert_eq!(other.get("/readyz", None).await.status, 200);
}

#[tokio::test]
async fn a_server_without_the_key_of_an_open_code_does_not_start() {
    let mut server = Server::start().await;
    server.user(EMAIL, PASSWORD).await;
    check_succeeded(&server.run(&["keys", "rotate"]));
    assert_eq!(server.post("/v1/auth/password/forgot", &json!({"contact": EMAIL})).await.status, 200);
    server.code(EMAIL, "reset_code").await;
    assert!(server.stop().success());

    let all = read_keys(&server);
    let old = all["codes"][1]["id"].as_str().expect("an id").to_owned();
    let mut without = all.clone();
    without["codes"].as_array_mut().expect("a list").remove(1);
    write_keys(&server, "without.json", &without);
    let said = start_in_vain(&server, "without.json");
    let missing = format!("the code key `{old}` is missing, which open codes need (1, the last one until 2");
    assert!(said.contains(&missing), "{said}");
    server.restart().await;
}

#[tokio::test]
async fn a_retired_key_verifies_nothing() {
    let mut server = Server::start().await;
    server.user(EMAIL, PASSWORD).await;
    let old_token = sign_in(&server).await;
    assert_eq!(server.post("/v1/auth/password/forgot", &json!({"contact": EMAIL})).await.status, 200);
    let code = server.code(EMAIL, "reset_code").await;
    let first = read_keys(&server);
    let id = |keys: &Value, ring: &str| keys[ring][0]["id"].as_str().expect("an id").to_owned();
    let (old_code_key, old_token_key) = (id(&first, "codes"), id(&first, "tokens"));

    let said = check_refused(&server.run(&["keys", "retire", &old_code_key]));
    assert!(said.contains(&format!("the key `{old_code_key}` is the current one for codes")), "{said}");
    let said = check_refused(&server.run(&["keys", "retire", "unknown"]));
    assert!(said.contains("there is no key `unknown`: the keys are `"), "{said}");
    assert!(said.contains(&old_code_key) && said.contains(&old_token_key), "{said}");

    check_succeeded(&server.run(&["keys", "rotate"]));
    let needed = check_refused(&server.run(&["keys", "retire", &old_code_key]));
    assert!(needed.contains("is still needed: 1 open code, until 2"), "{needed}");
    let needed = check_refused(&server.run(&["keys", "retire", &old_token_key]));
    assert!(needed.contains("is still needed: the sign-in tokens of up to 1 session, until 2"), "{needed}");
    assert_eq!(read_keys(&server)["codes"].as_array().map(Vec::len), Some(2), "nothing was removed");

    let retired = check_succeeded(&server.run(&["keys", "retire", &old_code_key, "--yes", "--json"]));
    let retired: Value = serde_json::from_str(&retired).expect("JSON");
    assert_eq!(
        retired,
        json!({"ring": "codes", "id": old_code_key, "removed_from_file": true, "ended_codes": 1, "sessions": 0})
    );
    check_succeeded(&server.run(&["keys", "retire", &old_token_key, "--yes"]));
    let listed = check_succeeded(&server.run(&["keys", "list", "--json"]));
    assert!(!listed.contains(&old_code_key) && !listed.contains(&old_token_key), "{listed}");

    assert!(server.stop().success());
    server.restart().await;
    assert_eq!(server.get("/users/current", Some(&old_token)).await.status, 401);
    let reset = json!({
        "contact": EMAIL, "code": code, "password": "an even finer one", "password_confirmation": "an even finer one",
    });
    assert_ne!(server.put("/v1/auth/password/reset", None, &reset).await.status, 200);
    let new_token = sign_in(&server).await;
    assert_eq!(server.get("/users/current", Some(&new_token)).await.status, 200);
}

#[tokio::test]
async fn keys_that_were_lost_are_retired_by_their_ids() {
    let mut server = Server::start().await;
    let lost = read_keys(&server);
    assert!(server.stop().success());
    fs::remove_file(server.folder().join("keys.json")).expect("it was there");
    start_in_vain(&server, "keys.json");
    for ring in ["codes", "tokens"] {
        let id = lost[ring][0]["id"].as_str().expect("an id");
        let retired = check_succeeded(&server.run(&["keys", "retire", id]));
        assert!(retired.starts_with(&format!("{id} is retired.")), "{retired}");
    }
    server.restart().await;
}
