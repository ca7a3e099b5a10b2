//! `asteroid user`: operators administer users beside running servers.

use std::io::Write;
use std::process::{Output, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::Server;

const PASSWORD: &str = "a fine long password";
const EMAIL: &str = "martha@example.com";

/// The answer of a command that has to succeed, with `--json`.
pub(super) fn done(server: &Server, arguments: &[&str]) -> Value {
    let output = server.run(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// The exit status and standard error of a command that has to fail. It prints nothing else.
pub(super) fn refused(output: &Output) -> (Option<i32>, String) {
    assert!(output.stdout.is_empty() && !output.status.success(), "{output:?}");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Runs a command with this standard input.
fn run_with_input(server: &Server, arguments: &[&str], input: &str) -> Output {
    let mut command = server.command(arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("the command reads");
    child.wait_with_output().expect("the command ends")
}

/// Signs in at the practice API. Returns the status and the signed token.
async fn sign_in_signed(server: &Server) -> (u16, Option<String>) {
    let answer =
        server.post("/users/sign_in", &json!({"user": {"email": EMAIL, "password": PASSWORD}})).await;
    let token = answer.json()["token"].as_str().map(str::to_owned);
    (answer.status.as_u16(), token)
}

async fn status(server: &Server, path: &str, token: &str) -> u16 {
    server.get(path, Some(token)).await.status.as_u16()
}

#[tokio::test]
async fn disabling_a_user_ends_sessions_and_every_way_in_on_all_servers() {
    let one = Server::start().await;
    let other = one.another().await;
    let opaque = one.user(EMAIL, PASSWORD).await;
    let (signed_in, signed) = sign_in_signed(&one).await;
    let signed = signed.expect("a signed token");
    assert_eq!(signed_in, 200);
    // A code that is sent before, and one for a reset.
    assert_eq!(one.post("/v1/auth/verification_codes/send", &json!({"email": EMAIL})).await.status, 204);
    let code = one.code(EMAIL, "sign_in_code").await;
    assert_eq!(one.post("/v1/auth/password/forgot", &json!({"contact": EMAIL})).await.status, 200);
    let reset = one.code(EMAIL, "reset_code").await;
    for server in [&one, &other] {
        assert_eq!(status(server, "/v1/auth/me", &opaque).await, 200);
        assert_eq!(status(server, "/users/current", &signed).await, 200);
    }

    let done = done(&one, &["user", "disable", EMAIL]);
    assert_eq!((&done["status"], &done["changed"]), (&json!("disabled"), &json!(true)), "{done}");
    assert!(done["ended_sessions"].as_u64() >= Some(2), "{done}");
    for server in [&other, &one] {
        assert_eq!(status(server, "/v1/auth/me", &opaque).await, 401);
        assert_eq!(status(server, "/users/current", &signed).await, 401);
        assert_eq!(server.sign_in(EMAIL, PASSWORD).await.status, 401);
        assert_eq!(sign_in_signed(server).await, (401, None));
        let verify = json!({"contact": EMAIL, "code": code});
        assert_eq!(server.post("/v1/auth/verification_codes/verify", &verify).await.status, 401);
        let new = "another long password";
        let body = json!({"contact": EMAIL, "code": reset, "password": new, "password_confirmation": new});
        assert_eq!(server.put("/v1/auth/password/reset", None, &body).await.status, 401);
    }

    let enabled = self::done(&other, &["user", "enable", EMAIL]);
    assert_eq!((&enabled["status"], &enabled["changed"]), (&json!("enabled"), &json!(true)), "{enabled}");
    assert_eq!(status(&one, "/v1/auth/me", &opaque).await, 401, "an ended session stays ended");
    assert_eq!(one.sign_in(EMAIL, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn users_are_listed_searched_and_shown() {
    let server = Server::start().await;
    server.user(EMAIL, PASSWORD).await;
    let (counts, report) = server.import_users(&[
        json!({"id": 100, "name": "George Washington", "email": "george@example.com"}),
        json!({"id": 101, "name": "John Adams", "email": "john@example.com", "status": "disabled"}),
    ]);
    assert_eq!(counts, [2, 0, 0, 0], "{report}");
    let ids = |listed: &Value| -> Vec<i64> {
        let users = listed["users"].as_array().expect("a list");
        users.iter().map(|user| user["id"].as_i64().expect("an id")).collect()
    };
    let first = done(&server, &["user", "list", "--limit", "2"]);
    assert_eq!(ids(&first), [101, 100]);
    let next = first["next"].as_str().expect("a next page");
    let second = done(&server, &["user", "list", "--limit", "2", "--after", next]);
    assert_eq!((ids(&second).len(), &second["next"]), (1, &Value::Null), "{second}");
    for (arguments, found) in [
        (["--search", "washing"], vec![100]),
        (["--search", "JOHN@"], vec![101]),
        (["--search", "101"], vec![101]),
        (["--status", "disabled"], vec![101]),
        (["--practice", "7"], vec![]),
    ] {
        let listed = done(&server, &[&["user", "list"], &arguments[..]].concat());
        assert_eq!(ids(&listed), found, "{arguments:?}");
    }
    let (status, error) = refused(&server.run(&["user", "list", "--search", "wash", "--after", next]));
    assert_eq!(status, Some(1));
    assert!(error.contains("the cursor belongs to a listing with other conditions"), "{error}");

    let shown = done(&server, &["user", "show", EMAIL]);
    assert_eq!(shown["first_name"], "Martha");
    assert_eq!(shown["has_password"], true);
    assert_eq!(shown["sessions"].as_array().map(Vec::len), Some(1), "{shown}");
    assert_eq!(shown["messages"][0]["kind"], "registration_code", "{shown}");
    assert_eq!(shown["events"][0]["action"], "verify_code", "{shown}");
    let text = shown.to_string();
    for secret in [PASSWORD, "argon2", "password_hash", "token_hash"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    for (user, reason) in [
        ("nobody@example.com", "there is no user `nobody@example.com`"),
        ("999", "there is no user `999`"),
        ("Martha", "`Martha` cannot be the name of a user"),
    ] {
        for command in ["show", "disable", "unlock", "sessions"] {
            let (status, error) = refused(&server.run(&["user", command, user]));
            assert_eq!(status, Some(1), "{command}: {error}");
            assert!(error.contains(reason), "{command}: {error}");
        }
    }
}

#[tokio::test]
async fn unlocking_a_user_lets_the_owner_sign_in_after_wrong_passwords() {
    let server = Server::start_with(&[]).await;
    server.user(EMAIL, PASSWORD).await;
    // From a network that the user is known by, ten an hour.
    for _ in 0..11 {
        server.sign_in(EMAIL, "a wrong long password").await;
    }
    assert_eq!(server.sign_in(EMAIL, PASSWORD).await.status, 429);
    let shown = done(&server, &["user", "show", EMAIL]);
    let attempts = shown["failed_attempts"].as_array().expect("a list");
    assert!(attempts.iter().any(|one| one["locked"] != "no" && one["count"] == 10), "{shown}");
    let unlocked = done(&server, &["user", "unlock", EMAIL]);
    assert!(unlocked["forgotten_attempts"].as_u64() > Some(0), "{unlocked}");
    assert_eq!(done(&server, &["user", "show", EMAIL])["failed_attempts"], json!([]));
    assert_eq!(server.sign_in(EMAIL, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn sessions_can_be_listed_and_ended() {
    let server = Server::start().await;
    let first = server.user(EMAIL, PASSWORD).await;
    let second = server.sign_in(EMAIL, PASSWORD).await.token();
    let sessions = done(&server, &["user", "sessions", EMAIL]);
    let newest = sessions[0]["id"].as_str().expect("an id");
    assert_eq!(done(&server, &["user", "revoke", EMAIL, newest])["ended_sessions"], 1);
    assert_eq!(status(&server, "/v1/auth/me", &second).await, 401);
    assert_eq!(status(&server, "/v1/auth/me", &first).await, 200);
    let (exit, error) = refused(&server.run(&["user", "revoke", EMAIL, newest]));
    assert_eq!(exit, Some(1));
    assert!(error.contains(&format!("has no session {newest}")), "{error}");
    assert_eq!(refused(&server.run(&["user", "revoke", EMAIL])).0, Some(2));
    assert_eq!(done(&server, &["user", "revoke", EMAIL, "--all"])["ended_sessions"], 1);
    assert_eq!(status(&server, "/v1/auth/me", &first).await, 401);
}

#[tokio::test]
async fn passwords_are_set_from_standard_input_and_removed_for_a_reset() {
    let server = Server::start().await;
    let token = server.user(EMAIL, PASSWORD).await;
    for (input, reason) in [
        ("", "no password was given"),
        ("short\n", "the password is refused: it has fewer than"),
        ("martha@example.com\n", "the password is refused"),
    ] {
        let (exit, error) = refused(&run_with_input(&server, &["user", "set-password", EMAIL], input));
        assert_eq!(exit, Some(1));
        assert!(error.contains(reason), "{input:?}: {error}");
    }
    assert_eq!(status(&server, "/v1/auth/me", &token).await, 200, "a refused password changes nothing");

    let new = "quite another password";
    let set = run_with_input(&server, &["user", "set-password", EMAIL], &format!("{new}\n"));
    assert!(set.status.success(), "{set:?}");
    assert_eq!(status(&server, "/v1/auth/me", &token).await, 401);
    assert_eq!(server.sign_in(EMAIL, PASSWORD).await.status, 401);
    server.message(EMAIL, |message| message["kind"] == "password_changed").await;
    let token = server.sign_in(EMAIL, new).await.token();

    let (exit, error) = refused(&run_with_input(&server, &["user", "require-reset", EMAIL], ""));
    assert_eq!(exit, Some(1));
    assert!(error.contains("--yes removes it without a question"), "{error}");
    assert_eq!(status(&server, "/v1/auth/me", &token).await, 200, "nothing was changed");
    assert_eq!(done(&server, &["user", "require-reset", EMAIL, "--yes"])["ended_sessions"], 1);
    assert_eq!(status(&server, "/v1/auth/me", &token).await, 401);
    assert_eq!(server.sign_in(EMAIL, new).await.status, 401);
    server.post("/v1/auth/password/forgot", &json!({"contact": EMAIL})).await;
    let code = server.code(EMAIL, "reset_code").await;
    let body =
        json!({"contact": EMAIL, "code": code, "password": PASSWORD, "password_confirmation": PASSWORD});
    assert_eq!(server.put("/v1/auth/password/reset", None, &body).await.status, 200);
    assert_eq!(server.sign_in(EMAIL, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn users_can_be_created_and_edited() {
    let server = Server::start().await;
    let create = ["user", "create", "--first-name", "George", "--contact", "george@example.com"];
    let created = done(&server, &[&create[..], &["--contact", "+1 555 665 4345"]].concat());
    let id = created["id"].as_i64().expect("an id").to_string();
    let (exit, error) = refused(&server.run(&create));
    assert_eq!(exit, Some(1));
    assert!(error.contains("the contact g…e@example.com belongs to a user already"), "{error}");
    let twice = ["user", "create", "--contact", "a@example.com", "--contact", "A@example.com"];
    refused(&server.run(&twice));
    assert_eq!(refused(&server.run(&["user", "show", "a@example.com"])).0, Some(1), "nothing half done");
    let edited = ["user", "edit", "+15556654345", "--first-name", "Martha", "--last-name", "Dandridge"];
    assert_eq!(done(&server, &edited)["id"].to_string(), id);
    done(&server, &["user", "grant-admin", &id]);
    let shown = done(&server, &["user", "show", &id]);
    assert_eq!(
        (&shown["first_name"], &shown["last_name"], &shown["administrator"], &shown["has_password"]),
        (&json!("Martha"), &json!("Dandridge"), &json!(true), &json!(false))
    );
    done(&server, &["user", "revoke-admin", &id]);
    assert_eq!(done(&server, &["user", "show", &id])["administrator"], false);
    let password = "a password of George's";
    let arguments = ["user", "create", "--contact", "john@example.com", "--password"];
    let output = run_with_input(&server, &arguments, password);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(server.sign_in("john@example.com", password).await.status, 200);
}

#[tokio::test]
async fn an_export_has_everything_that_is_kept_about_a_user_but_its_secrets() {
    let server = Server::start_with(&[("ASTEROID_LIMITS__SENDS__PER_MINUTE", "5")]).await;
    let first_token = server.user(EMAIL, PASSWORD).await;
    let agent = "Canary/1.0 (Export)";
    let signed_in = server
        .client
        .post(server.url("/v1/auth/login"))
        .header("user-agent", agent)
        .json(&json!({"contact": EMAIL, "password": PASSWORD}))
        .send()
        .await
        .expect("an answer");
    let signed_in: Value = signed_in.json().await.expect("JSON");
    let token = signed_in["data"]["access_token"].as_str().expect("a token").to_owned();
    server.sign_in(EMAIL, "a wrong long password").await;
    server.post("/v1/auth/password/forgot", &json!({"contact": EMAIL})).await;
    let code = server.code(EMAIL, "reset_code").await;
    server.request(Method::POST, "/terms", Some(&token), None).await.expect("an answer");

    let file = server.folder().join("martha.json");
    let written = done(&server, &["user", "export", EMAIL, "--output", "martha.json"]);
    assert_eq!(written["file"], "martha.json");
    let text = std::fs::read_to_string(&file).expect("the export is there");
    let export: Value = serde_json::from_str(&text).expect("JSON");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).expect("the export is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    assert_eq!((&export["first_name"], &export["contacts"][0]["contact"]), (&json!("Martha"), &json!(EMAIL)));
    assert_eq!(export["has_password"], true);
    let list = |name: &str| export[name].as_array().unwrap_or_else(|| panic!("{name}: {export}")).clone();
    assert!(list("sessions").iter().any(|session| session["user_agent"] == agent), "{export}");
    assert_eq!(list("familiar_networks").len(), 1);
    assert!(!list("failed_attempts").is_empty());
    assert_eq!(list("terms_acceptances").len(), 1);
    assert_eq!(list("codes").iter().map(|code| &code["purpose"]).collect::<Vec<_>>(), ["reset"]);
    assert_eq!(list("contact_claims")[0]["contact"], EMAIL);
    let kinds: Vec<_> = list("messages").iter().map(|message| message["kind"].clone()).collect();
    assert_eq!(kinds, ["reset_code", "registration_code"]);
    let actions: Vec<_> = list("events").iter().map(|event| event["action"].clone()).collect();
    assert_eq!(actions, ["accept_terms", "forgot_password", "sign_in", "sign_in", "verify_code"]);
    for secret in [PASSWORD, "argon2", first_token.as_str(), token.as_str(), code.as_str()] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }

    // It is in the trail, and no file is overwritten.
    assert_eq!(
        done(&server, &["audit", "--action", "export_user"])["events"].as_array().map(Vec::len),
        Some(1)
    );
    let (status, error) = refused(&server.run(&["user", "export", EMAIL, "--output", "martha.json"]));
    assert!(status == Some(1) && error.contains("cannot be written to martha.json"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).expect("the export is there"), text);
    let (status, error) = refused(&server.run(&["user", "export", "unknown@example.com"]));
    assert!(status == Some(1) && error.contains("there is no user `unknown@example.com`"), "{error}");
}
