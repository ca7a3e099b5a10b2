//! `asteroid audit`: operators read the audit trail beside a running server.

use serde_json::{Value, json};

use crate::harness::Server;

const PASSWORD: &str = "a fine long password";
const EMAIL: &str = "martha@example.com";

fn events(server: &Server, arguments: &[&str]) -> (Vec<Value>, Option<String>) {
    let output = server.run(&[&["audit", "--json"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    let listed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let next = listed["next"].as_str().map(str::to_owned);
    (listed["events"].as_array().expect("a list").clone(), next)
}

fn actions(server: &Server, arguments: &[&str]) -> Vec<String> {
    let listed = events(server, arguments).0;
    listed.iter().map(|event| event["action"].as_str().expect("an action").to_owned()).collect()
}

#[tokio::test]
async fn the_audit_trail_is_listed_by_filter_with_the_operator_of_each_act() {
    let server = Server::start().await;
    server.user(EMAIL, PASSWORD).await;
    assert_eq!(server.sign_in(EMAIL, "a wrong long password").await.status, 401);
    for command in ["disable", "enable", "unlock"] {
        assert!(server.run(&["user", command, EMAIL]).status.success());
    }
    assert_eq!(
        actions(&server, &["--user", EMAIL]),
        ["unlock_user", "enable_user", "disable_user", "sign_in", "verify_code"]
    );
    assert_eq!(actions(&server, &["--action", "sign_in"]), ["sign_in"]);
    assert_eq!(actions(&server, &["--outcome", "refused"]), ["sign_in"]);
    assert_eq!(actions(&server, &["--ip", "127.0.0.1", "--limit", "1"]), ["sign_in"]);
    assert_eq!(actions(&server, &["--ip", "192.0.2.1"]), [] as [String; 0]);
    assert_eq!(actions(&server, &["--until", "24h"]), [] as [String; 0]);
    assert_eq!(actions(&server, &["--since", "24h", "--limit", "1"]), ["unlock_user"]);

    let (acts, _) = events(&server, &["--action", "disable_user"]);
    assert!(acts[0]["operator"].as_str().is_some_and(|name| !name.is_empty()), "{acts:?}");
    assert_eq!((&acts[0]["ip"], &acts[0]["outcome"]), (&Value::Null, &json!("done")));
    let (sign_ins, _) = events(&server, &["--action", "sign_in"]);
    assert_eq!(
        (&sign_ins[0]["operator"], &sign_ins[0]["contact"]),
        (&Value::Null, &json!("m…a@example.com"))
    );

    // Page by page, it is the same list, whatever is recorded meanwhile.
    let all: Vec<Value> = events(&server, &[]).0;
    let (mut paged, mut next) = (Vec::new(), None::<String>);
    loop {
        let after = next.iter().flat_map(|next| ["--after", next]).collect::<Vec<_>>();
        let (page, further) = events(&server, &[&["--limit", "2"], &after[..]].concat());
        paged.extend(page);
        server.sign_in(EMAIL, "a wrong long password").await;
        match further {
            Some(further) => next = Some(further),
            None => break,
        }
    }
    assert_eq!(paged, all);

    for (arguments, reason) in [
        (["--user", "nobody@example.com"], "there is no user `nobody@example.com`"),
        (["--since", "yesterday"], "`yesterday` is not a time"),
    ] {
        let output = server.run(&[&["audit"], &arguments[..]].concat());
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains(reason), "{output:?}");
    }
    assert_eq!(server.run(&["audit", "--action", "dance"]).status.code(), Some(2));
}
