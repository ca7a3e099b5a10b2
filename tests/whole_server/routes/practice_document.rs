//! The examples of `docs/api/asteroid-api.md` (the practice API), and a server with the document's records.

use serde_json::{Value, json};

use crate::harness::{Answer, Server};

const DOCUMENT: &str = include_str!("../../../docs/api/asteroid-api.md");
pub(crate) const PASSWORD: &str = "a fine long password";

/// The documented body under this heading with this status.
pub(crate) fn documented(heading: &str, status: &str) -> Value {
    let (_, section) = DOCUMENT.split_once(&format!("\n{heading}")).expect("the document has the heading");
    let (_, answer) = section.split_once(&format!("> {status}")).expect("the section has the status");
    let (_, block) = answer.split_once("```json\n").expect("a block");
    serde_json::from_str(block.split("```").next().unwrap_or_default()).expect("JSON")
}

/// The records to import so that the document's user and client exist.
pub(crate) fn records() -> Value {
    let profile = documented("## User Info", "200");
    let field = |name: &str| profile[name].clone();
    json!({
        "practices": [{
            "practiceId": field("practiceId"), "sourceId": field("sourceId"), "name": field("practiceName"),
            "slug": "ally_test", "pms": field("practicePms"), "sms": field("practiceSms"),
            "features": field("practiceFeatures"), "timeZone": field("timeZone"),
            "enterpriseIds": field("enterpriseIds"),
        }],
        "users": [{
            "id": field("id"), "name": field("name"), "email": field("email"), "password": PASSWORD,
            "primaryRole": field("primaryRole"), "roles": field("roles"), "practiceId": field("practiceId"),
            "clientId": field("clientId"), "googleApiKey": field("googleApiKey"),
        }],
        "clients": [documented("## Get All Clients", "200")],
    })
}

pub(crate) async fn server() -> Server {
    let server = Server::start().await;
    let imported = server.import(&records());
    assert!(imported.status.success(), "{imported:?}");
    server
}

pub(crate) async fn sign_in(server: &Server) -> Answer {
    let body = json!({"user": {"email": "jeremy@test.com", "password": PASSWORD}});
    let answer = server.post("/users/sign_in", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

pub(crate) fn token(answer: &Answer) -> String {
    answer.json()["token"].as_str().expect("a token").to_owned()
}
