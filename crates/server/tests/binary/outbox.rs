//! What operators see of the outbox, and what they can do about it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::machine::{Answer, Machine};
use super::serving::{REGISTER, Server};

/// A webhook that answers every request with 410 (permanent) or 200. Returns its delivery URL.
fn provider(takes: &Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let takes = Arc::clone(takes);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut length = 0;
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).expect("a line");
                let line = line.trim().to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a number");
                }
                if line.is_empty() {
                    break;
                }
            }
            stream.read_exact(&mut vec![0; length]).expect("a body");
            let status = if takes.load(Ordering::SeqCst) { "200 OK" } else { "410 Gone" };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).expect("answered");
        }
    });
    format!("webhook+http://{address}/?secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
}

/// The messages of the outbox that are in this state, once there are so many.
fn messages(machine: &Machine, state: &str, count: usize) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let listed = machine.json(&["outbox", "list", "--state", state, "--json"], &[]);
        let listed = listed.as_array().expect("a list");
        if listed.len() == count {
            return listed.clone();
        }
        assert!(started.elapsed() < Duration::from_secs(60), "not {count} are {state}: {listed:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The one message of the outbox, once it is in this state.
fn the_message(machine: &Machine, state: &str) -> Value {
    messages(machine, state, 1).remove(0)
}

#[test]
fn failed_message_is_listed_with_its_reason_and_delivered_by_retry() {
    let machine = Machine::new();
    let takes = Arc::<AtomicBool>::default();
    let url = provider(&takes);
    let server = Server::start(&machine, &[("ASTEROID_EMAIL__URL", &url)]);
    assert!(server.request("POST", "/v1/auth/register", REGISTER).starts_with("HTTP/1.1 200 "));

    let failed = the_message(&machine, "failed");
    let id = failed["id"].as_str().expect("an id").to_owned();
    for time in ["created_at", "completed_at", "expires_at"] {
        assert!(failed[time].as_str().is_some_and(|time| time.ends_with('Z')), "{failed}");
    }
    assert_eq!(
        failed,
        json!({
            "id": id, "channel": "email", "to": "g…e@example.com", "kind": "registration_code", "attempts": 1,
            "state": "failed", "reason": "the webhook answered 410", "created_at": failed["created_at"],
            "completed_at": failed["completed_at"], "expires_at": failed["expires_at"],
        }),
        "no code, and no text"
    );
    let table = machine.run(&["outbox", "list"], &[]);
    let line = table.out.lines().nth(1).expect("a line for the message");
    assert!(line.starts_with(&id) && line.ends_with(": the webhook answered 410"), "{line}");
    let none = machine.run(&["outbox", "list", "--channel", "sms"], &[]);
    assert_eq!((none.status, none.out.as_str()), (0, "No such message is in the outbox.\n"));

    takes.store(true, Ordering::SeqCst);
    let retried = machine.run(&["outbox", "retry", &id], &[]);
    assert_eq!(retried, Answer { status: 0, out: format!("{id} is tried again.\n"), err: String::new() });
    let delivered = the_message(&machine, "delivered");
    assert_eq!((delivered["id"].as_str(), &delivered["attempts"]), (Some(&*id), &json!(2)));
    let again = machine.run(&["outbox", "retry", &id], &[]);
    assert_eq!(
        again,
        Answer {
            status: 1,
            out: format!("{id} is not tried again: it was delivered.\n"),
            err: String::new()
        }
    );
    server.signal("TERM");
    assert_eq!(server.end().status, 0);
}

#[test]
fn retry_failed_requeues_useful_messages_and_no_decoys() {
    let machine = Machine::new();
    let url = provider(&Arc::default());
    let server = Server::start(&machine, &[("ASTEROID_EMAIL__URL", &url)]);
    assert!(server.request("POST", "/v1/auth/register", REGISTER).starts_with("HTTP/1.1 200 "));
    let unknown_contact = r#"{"contact":"nobody@example.com"}"#;
    let forgot = server.request("POST", "/v1/auth/password/forgot", unknown_contact);
    assert!(forgot.starts_with("HTTP/1.1 2"), "{forgot}");
    let failed = messages(&machine, "failed", 2);
    assert_eq!(failed[0]["reason"], "no user has this contact");
    server.signal("TERM");
    assert_eq!(server.end().status, 0);
    let text = machine.run(&["outbox", "retry", "--failed"], &[]);
    let said = "Tried again: 1 message. Expired or without a recipient, not tried again: 1 message.\n";
    assert_eq!(text, Answer { status: 0, out: said.into(), err: String::new() });
    assert_eq!(the_message(&machine, "waiting")["attempts"], 1);
    let json = machine.json(&["outbox", "retry", "--failed", "--json"], &[]);
    assert_eq!(json, json!({ "retried": [], "left": 1 }));
    // The names of version 0.1.
    assert_eq!(machine.json(&["outbox", "retry", "--dead", "--json"], &[]), json);
    let listed = |state| machine.json(&["outbox", "list", "--state", state, "--json"], &[]);
    assert_eq!(listed("dead"), listed("failed"));
    let help = machine.run(&["outbox", "list", "--help"], &[]).out;
    assert!(help.contains("failed") && !help.contains("dead"), "{help}");
}

#[test]
fn unknown_message_is_refused_and_invalid_outbox_arguments_are_usage_errors() {
    let machine = Machine::new();
    assert_eq!(machine.run(&["migrate"], &[]).status, 0);
    let unknown = "019c0a1e-6b7e-7c3a-9f52-0d6f6f3b1c55";
    let retry = ["outbox", "retry", unknown, "--json"];
    assert_eq!(machine.run(&retry, &[]).status, 1);
    let refused = json!([{ "id": unknown, "reason": "there is no such message" }]);
    assert_eq!(machine.json(&retry, &[]), json!({ "retried": [], "refused": refused }));
    assert_eq!(machine.json(&["outbox", "list", "--json"], &[]), json!([]));
    for arguments in [
        &["outbox"][..],
        &["outbox", "retry"],
        &["outbox", "retry", "no-id"],
        &["outbox", "retry", unknown, "--failed"],
        &["outbox", "list", "--state", "lost"],
        &["outbox", "list", "--channel", "pigeon"],
        &["outbox", "list", "--limit", "0"],
    ] {
        let answer = machine.run(arguments, &[]);
        assert_eq!((answer.status, answer.out.as_str()), (2, ""), "{arguments:?}");
    }
}
