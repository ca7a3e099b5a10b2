//! Crash of an import: the next import completes it.

use std::fmt::Write;
use std::process::Stdio;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::Server;

const CLIENTS: usize = 5000;
const PASSWORD: &str = "a fine long password";

fn records() -> String {
    let practice = json!({
        "type": "practice", "practiceId": 1, "sourceId": 1, "name": "Practice 1", "slug": "practice1",
        "features": [], "timeZone": "UTC", "enterpriseIds": [],
    });
    let staff = json!({
        "type": "user", "name": "Other Staff", "email": "staff@example.com", "password": PASSWORD,
        "primaryRole": "staff", "roles": ["staff"], "practiceId": 1,
    });
    let mut lines = format!("{practice}\n{staff}\n");
    for n in 0..CLIENTS {
        let client = json!({
            "type": "client", "sourceId": 1, "practiceId": 1, "clientId": format!("{n:05}"), "balanceDue": n,
            "patients": [{"sourceId": 1, "practiceId": 1, "patientId": n.to_string(), "name": "Pi", "status": "active"}],
        });
        writeln!(lines, "{client}").expect("written");
    }
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_after_kill_9_is_completed_by_the_next_one() {
    let server = Server::start().await;
    std::fs::write(server.folder().join("records.ndjson"), records()).expect("written");
    for delay in [80, 250, 400, 700] {
        let mut import = server.command(&["import", "records.ndjson"]);
        let mut import =
            import.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the import starts");
        tokio::time::sleep(Duration::from_millis(delay)).await;
        import.kill().expect("killed");
        import.wait().expect("ended");
    }
    let finished = server.run(&["import", "records.ndjson"]);
    assert!(finished.status.success(), "{finished:?}");
    let again = server.run(&["import", "records.ndjson"]);
    let report = String::from_utf8_lossy(&again.stdout).into_owned();
    let clients = report.lines().find(|line| line.starts_with("clients")).expect("a line on clients");
    let counts: Vec<&str> = clients.split_whitespace().skip(1).collect();
    assert_eq!(counts, ["0", "0", "5000", "0"], "all records are unchanged: {report}");

    let token = server.sign_in("staff@example.com", PASSWORD).await.token();
    server.request(Method::POST, "/terms", Some(&token), None).await.expect("an answer");
    let listed = server.get("/clients", Some(&token)).await.json();
    let listed = listed.as_array().expect("a list");
    assert_eq!(listed.len(), CLIENTS);
    for (n, client) in listed.iter().enumerate() {
        assert_eq!((&client["clientId"], &client["balanceDue"]), (&json!(format!("{n:05}")), &json!(n)));
        assert_eq!(client["patients"].as_array().map(Vec::len), Some(1), "{client}");
    }
}
