//! Every example of the Asteroid API document, replayed with the document's own values imported; every answer compared
//! whole, but for the token and the fingerprint.

use reqwest::Method;
use serde_json::{Value, json};

use super::harness::{Answer, Server};

const DOCUMENT: &str = include_str!("../../docs/api/asteroid-api.md");
const PASSWORD: &str = "a fine long password";

/// The answer that the document shows under this heading with this status.
fn shown(heading: &str, status: &str) -> Value {
    let (_, section) = DOCUMENT.split_once(&format!("\n{heading}")).expect("the heading is there");
    let (_, answer) = section.split_once(&format!("> {status}")).expect("the status is there");
    let (_, block) = answer.split_once("```json\n").expect("a block");
    serde_json::from_str(block.split("```").next().unwrap_or_default()).expect("JSON")
}

/// What has to be imported so that the document's user and client are there.
fn records() -> Value {
    let profile = shown("## User Info", "200");
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
        "clients": [shown("## Get All Clients", "200")],
    })
}

async fn server() -> Server {
    let server = Server::start().await;
    let imported = server.import(&records());
    assert!(imported.status.success(), "{imported:?}");
    server
}

async fn sign_in(server: &Server) -> Answer {
    let body = json!({"user": {"email": "jeremy@test.com", "password": PASSWORD}});
    let answer = server.post("/users/sign_in", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

fn token(answer: &Answer) -> String {
    answer.json()["token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn sign_in_answers_as_documented() {
    let server = server().await;
    let answer = sign_in(&server).await;
    let (mut answered, mut shown_profile) = (answer.json(), shown("## Login", "200"));
    let token = answered["token"].take();
    let parts: Vec<&str> = token.as_str().expect("a token").split('.').collect();
    assert_eq!(parts.len(), 3, "a JWT has three parts");
    shown_profile["token"].take();
    assert_eq!(answered, shown_profile);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for wrong in [
        json!({"user": {"email": "jeremy@test.com", "password": "wrong"}}),
        json!({"user": {"email": "nobody@test.com", "password": PASSWORD}}),
        json!({"user": {"email": "jeremy@test.com"}}),
        json!({}),
    ] {
        let refused = server.post("/users/sign_in", &wrong).await;
        assert_eq!((refused.status.as_u16(), refused.json()), (401, shown("## Login", "401")), "{wrong}");
    }
}

#[tokio::test]
async fn parameters_may_come_as_a_form_or_in_the_query() {
    let server = server().await;
    let url = server.url("/users/sign_in");
    let form = "user%5Bemail%5D=jeremy%40test.com&user[password]=a+fine+long+password";
    let request = server.client.post(&url).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(request.body(form).send().await.expect("an answer").status(), 200);
    let query = server.client.post(format!("{url}?{form}")).send().await.expect("an answer");
    assert_eq!(query.status(), 200);
    let xml = server.client.post(&url).header("content-type", "text/xml").body("<user/>");
    assert_eq!(xml.send().await.expect("an answer").status(), 415);
    assert!(!server.log().contains("fine long") && !server.log().contains("fine+long"), "no query is logged");
}

#[tokio::test]
async fn a_change_of_password_answers_as_documented() {
    let server = server().await;
    let token = token(&sign_in(&server).await);
    let all_wrong =
        json!({"user": {"current_password": "", "password": PASSWORD, "password_confirmation": ""}});
    let refused = server.put("/users/", Some(&token), &all_wrong).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json(), shown("## Change Password", "422"));
    let right = json!({"user": {
        "current_password": PASSWORD, "password": "an even finer one", "password_confirmation": "an even finer one",
    }});
    let changed = server.put("/users", Some(&token), &right).await;
    assert_eq!((changed.status.as_u16(), changed.json()), (200, shown("## Change Password", "200")));
    server.login("jeremy@test.com", "an even finer one").await.token();
}

#[tokio::test]
async fn the_current_user_terms_and_clients_answer_as_documented() {
    let server = server().await;
    let token = token(&sign_in(&server).await);
    let current = server.get("/users/current", Some(&token)).await;
    assert_eq!((current.status.as_u16(), current.json()), (200, shown("## User Info", "200")));

    let early = server.get("/clients", Some(&token)).await;
    let closed = json!({"error": "You must accept the terms before using this endpoint."});
    assert_eq!((early.status.as_u16(), early.json()), (403, closed));

    let refused = server.request(Method::POST, "/terms?terms[accept]=false", Some(&token), None).await;
    let refused = refused.expect("an answer");
    let must = json!({"errors": {"accept": ["must be accepted"]}});
    assert_eq!((refused.status.as_u16(), refused.json()), (422, must));
    for _ in 0..2 {
        let accepted = server.request(Method::POST, "/terms", Some(&token), None).await.expect("an answer");
        let expected = shown("## Accept Terms for API use", "200");
        assert_eq!((accepted.status.as_u16(), accepted.json()), (200, expected));
    }

    let clients = server.get("/clients", Some(&token)).await;
    let (mut answered, mut documented) = (clients.json(), shown("## Get All Clients", "200"));
    assert!(answered["fingerprint"].take().is_i64());
    documented["fingerprint"].take();
    assert_eq!((clients.status.as_u16(), answered), (200, documented));
    let by_id = server.get("/clients/1", Some(&token)).await;
    assert_eq!(by_id.json(), clients.json());
}

#[tokio::test]
async fn a_token_of_either_surface_opens_both() {
    let server = server().await;
    let signed = token(&sign_in(&server).await);
    let opaque = server.login("jeremy@test.com", PASSWORD).await.token();
    for token in [&signed, &opaque] {
        let me = server.get("/v1/auth/me", Some(token)).await;
        assert_eq!((me.status.as_u16(), me.json()["id"].as_i64()), (200, Some(25)));
        let current = server.get("/users/current", Some(token)).await;
        assert_eq!(current.json(), shown("## User Info", "200"));
    }
    let out =
        server.request(Method::DELETE, "/users/sign_out", Some(&signed), None).await.expect("an answer");
    assert_eq!((out.status.as_u16(), out.text.as_str()), (204, ""));
    for path in ["/v1/auth/me", "/users/current"] {
        assert_eq!(server.get(path, Some(&signed)).await.status, 401);
        assert_eq!(server.get(path, Some(&opaque)).await.status, 200);
    }
}
