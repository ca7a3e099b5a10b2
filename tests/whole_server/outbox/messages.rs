//! The texts of messages: language, templates, and no input from requests.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Server, registration};

/// The subject and the body of a message, with its code replaced.
fn words(message: &Value) -> String {
    let code = message["code"].as_str().expect("a code");
    let words = format!("{}\n{}", message["subject"], message["body"]).replace(code, "CODE");
    // The time of the registration, to the minute.
    match words.split_once(" UTC.") {
        Some((before, after)) => {
            format!("{} TIME UTC.{after}", &before[..before.len() - " 2026-01-31 14:05".len()])
        }
        None => words,
    }
}

#[tokio::test]
async fn messages_use_the_configured_language_and_templates() {
    let templates = tempfile::tempdir().expect("a folder");
    fs::create_dir(templates.path().join("de")).expect("made");
    let sms = "{{ code }} öffnet {{ product }}, {{ minutes }} Minuten lang.\n";
    fs::write(templates.path().join("de/registration_code.sms.txt"), sms).expect("written");
    let server = Server::start_with(&[
        ("ASTEROID_MESSAGES__LANGUAGE", "de"),
        ("ASTEROID_MESSAGES__TEMPLATES", templates.path().to_str().expect("text")),
        ("ASTEROID_PRODUCT__NAME", "Komet"),
        ("ASTEROID_PRODUCT__DOMAIN", "example.com"),
        ("ASTEROID_PRODUCT__SUPPORT", "hilfe@example.com"),
        ("ASTEROID_LIMITS__ENABLED", "false"),
    ])
    .await;
    let email = "martha@example.com";
    assert_eq!(server.post("/v1/auth/register", &registration(email, "Mount-Vernon-1759")).await.status, 200);
    let message = server.message(email, |message| message["kind"] == "registration_code").await;
    assert_eq!(
        words(&message),
        "\"CODE ist Ihr Bestätigungscode für Komet\"\n\"Guten Tag,\\n\\nverwenden Sie diesen Code, um Ihre \
         Registrierung bei Komet abzuschließen:\\n\\n    CODE\\n\\nEr ist 10 Minuten gültig.\\nGeben Sie ihn an \
         niemanden weiter: Niemand von Komet wird Sie je danach fragen.\\n\\nDie Registrierung erfolgte für Martha am \
         TIME UTC.\\n\\nWenn Sie keinen Code angefordert haben, \
         können Sie diese Nachricht ignorieren:\\nOhne ihn kann sich niemand mit Ihrer Adresse registrieren.\\n\\nKomet \
         (example.com) hat diese Nachricht automatisch verschickt.\\nFragen? Schreiben Sie an hilfe@example.com.\""
    );
    let phone = json!({
        "first_name": "Martha", "last_name": "Custis", "phone": "555-665-4345", "type": "work",
        "password": "Mount-Vernon-1759", "password_confirmation": "Mount-Vernon-1759",
    });
    assert_eq!(server.post("/v1/auth/register", &phone).await.status, 200);
    let message = server.message("+15556654345", |message| message["kind"] == "registration_code").await;
    assert_eq!(words(&message), "null\n\"CODE öffnet Komet, 10 Minuten lang.\"");
    let filled_in = json!({"phone": "555-665-4345"});
    assert_eq!(server.post("/v2/auth/verification_codes/send", &filled_in).await.status, 204);
    let message = server
        .message("+15556654345", |message| message["body"].as_str().is_some_and(|body| body.contains('@')))
        .await;
    assert_eq!(words(&message), "null\n\"CODE öffnet Komet, 10 Minuten lang.\\n\\n@example.com #CODE\"");
}

#[tokio::test]
async fn request_headers_do_not_reach_a_message() {
    let server = Server::start().await;
    let mut told = Vec::new();
    for (email, evil) in [("plain@example.com", false), ("evil@example.com", true)] {
        let url = server.url("/v1/auth/register");
        let mut request = server.client.post(url).header("content-type", "application/json");
        if evil {
            for name in ["host", "origin", "referer", "user-agent", "accept-language", "x-forwarded-host"] {
                request = request.header(name, "evil.example");
            }
            request = request.header("forwarded", "host=evil.example;proto=https;for=192.0.2.1");
        }
        let body = registration(email, "Mount-Vernon-1759").to_string();
        assert_eq!(request.body(body).send().await.expect("an answer").status(), 200);
        let message = server.message(email, |_| true).await;
        assert!(!message.to_string().contains("evil.example\"") && !words(&message).contains("evil"));
        told.push(words(&message));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn the_format_of_the_file_transport_is_stable() {
    let server = Server::start().await;
    let email = "martha@example.com";
    assert_eq!(server.post("/v1/auth/register", &registration(email, "Mount-Vernon-1759")).await.status, 200);
    server.message(email, |_| true).await;
    let text = fs::read_to_string(server.folder().join("outbox.jsonl")).expect("the file");
    let line = text.lines().next().expect("a line");
    let fields = ["id", "at", "channel", "to", "kind", "subject", "body", "code"];
    let mut places: Vec<usize> = Vec::new();
    for field in fields {
        places.push(line.find(&format!("\"{field}\":")).unwrap_or_else(|| panic!("{field}: {line}")));
    }
    assert!(places.is_sorted(), "{line}");
    let message: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(message.as_object().map(serde_json::Map::len), Some(fields.len()), "{line}");
}
