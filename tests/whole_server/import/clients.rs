//! Clients in several rows, and search by phone number.

use std::fmt::Write;

use reqwest::Method;
use serde_json::{Value, json};

use super::contacts::server;
use crate::harness::{Server, counts};

const PASSWORD: &str = "three-spotted-hounds";

async fn staff(server: &Server) -> String {
    let staff = json!({
        "name": "Rob Ek", "email": "staff@example.com", "password": PASSWORD, "primaryRole": "staff",
        "roles": ["staff"], "practiceId": 1,
    });
    server.import_users(&[staff]);
    let token = server.sign_in("staff@example.com", PASSWORD).await.token();
    server.request(Method::POST, "/terms", Some(&token), None).await.expect("an answer");
    token
}

async fn pets(server: &Server, token: &str, client: &str) -> Vec<String> {
    let client = server.get(&format!("/clients/{client}"), Some(token)).await.json();
    let patients = client["patients"].as_array().expect("patients").iter();
    patients.map(|patient| patient["patientId"].as_str().expect("text").to_owned()).collect()
}

/// One row for each pet of these clients.
fn rows(rows: &[(&str, &str)]) -> String {
    let mut text = "sourceId;clientId;practiceId;firstName;patients\n".to_owned();
    for (client, pet) in rows {
        let patients = format!("[{{\"\"patientId\"\":\"\"{pet}\"\",\"\"name\"\":\"\"{pet}\"\"}}]");
        writeln!(text, "1;{client};1;Ann;\"{patients}\"").expect("written");
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_in_several_rows_has_the_pets_of_all_rows() {
    let server = server().await;
    let token = staff(&server).await;
    let csv = ["--format", "csv", "--type", "client"];
    let all = [("50", "pi"), ("51", "rho"), ("50", "sigma"), ("50", "tau")];
    for (rows_of, expected, left) in [
        (&all[..], [2, 2, 0, 0], &["pi", "sigma", "tau"][..]),
        (&all[..], [0, 0, 4, 0], &["pi", "sigma", "tau"]),
        // A pet that is in no row is removed, and a new one is added.
        (&[all[0], all[1], all[3]], [0, 1, 2, 0], &["pi", "tau"]),
        (&[all[0], all[1], all[3], ("50", "phi")], [0, 1, 3, 0], &["pi", "tau", "phi"]),
    ] {
        let (status, report) = server.import_file(&csv, &rows(rows_of));
        assert_eq!((status, counts(&report, "clients")), (Some(0), expected), "{report}");
        assert_eq!(pets(&server, &token, "50").await, left);
        assert_eq!(pets(&server, &token, "51").await, ["rho"]);
    }
    // An invalid row may have contained the missing pets, so none is removed.
    let broken = format!("{}1;50;1;Ann;none\n", rows(&[all[0]]));
    let (status, report) = server.import_file(&csv, &broken);
    assert_eq!((status, counts(&report, "clients")), (Some(1), [0, 0, 1, 1]), "{report}");
    assert_eq!(pets(&server, &token, "50").await, ["pi", "tau", "phi"]);
    // A truncated file removes none either.
    let (status, report) = server.import_file(&csv, &format!("{}1;51;1;\"Ann\n", rows(&[all[0]])));
    assert_eq!((status, counts(&report, "clients")), (Some(1), [0, 0, 1, 0]), "{report}");
    assert!(report["stopped"].as_str().expect("text").contains(":3: a quote is opened"), "{report}");
    assert_eq!(pets(&server, &token, "50").await, ["pi", "tau", "phi"]);

    // Across batches, as NDJSON.
    let mut lines = String::new();
    for pet in 0..3 {
        for client in 0..400 {
            let patients = [json!({"patientId": format!("{client}-{pet}"), "name": "Pi"})];
            let line = json!({
                "type": "client", "sourceId": 1, "practiceId": 1, "clientId": format!("n{client}"),
                "patients": patients,
            });
            writeln!(lines, "{line}").expect("written");
        }
    }
    let ndjson = ["--format", "ndjson"];
    let fewer: String = lines.lines().take(800).fold(String::new(), |text, line| text + line + "\n");
    for (text, expected, left) in [
        (&lines, [400, 800, 0, 0], 3),
        (&lines, [0, 0, 1200, 0], 3),
        (&fewer, [0, 400, 400, 0], 2),
        (&fewer, [0, 0, 800, 0], 2),
    ] {
        let (status, report) = server.import_file(&ndjson, text);
        assert_eq!((status, counts(&report, "clients")), (Some(0), expected), "{report}");
        assert_eq!(pets(&server, &token, "n7").await.len(), left);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_found_by_every_spelling_of_the_phone_number() {
    let server = server().await;
    let token = staff(&server).await;
    let written = ["8012223331", "(801) 222-3332", "801.222.3333", "+1 801 222 3334"];
    let clients = written.iter().enumerate().map(|(n, phone)| {
        json!({"sourceId": 1, "practiceId": 1, "clientId": format!("p{n}"), "mobilePhone": phone})
    });
    let clients: Vec<Value> = clients.collect();
    server.import_file(&["--format", "json"], &json!({ "clients": clients }).to_string());
    for (q, expected) in [
        ("%2B1801222", vec!["p0", "p1", "p2", "p3"]),
        // An unencoded plus sign is a space.
        ("+1801222", vec!["p0", "p1", "p2", "p3"]),
        ("1801222", vec!["p0", "p1", "p2", "p3"]),
        ("801222", vec!["p0", "p1", "p2", "p3"]),
        ("(801)%20222-33", vec!["p0", "p1", "p2", "p3"]),
        ("%2B18012223331", vec!["p0"]),
        ("+18012223332", vec!["p1"]),
        ("%2B1%20(801)%20222-3333", vec!["p2"]),
        ("801-222-3334", vec!["p3"]),
        ("222333", vec![]),
        ("%2B49801222", vec![]),
    ] {
        let answer = server.get(&format!("/clients?q={q}"), Some(&token)).await.json();
        let found: Vec<&str> = answer
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| one["clientId"].as_str().expect("text"))
            .collect();
        assert_eq!(found, expected, "{q}");
    }
}
