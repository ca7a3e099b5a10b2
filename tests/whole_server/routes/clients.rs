//! `/clients` and the terms gate in front of it.

use reqwest::Method;
use serde_json::json;

use super::practice_document::{documented, server, sign_in, token};

#[tokio::test]
async fn current_user_terms_and_clients_answer_as_documented() {
    let server = server().await;
    let token = token(&sign_in(&server).await);
    let current = server.get("/users/current", Some(&token)).await;
    assert_eq!((current.status.as_u16(), current.json()), (200, documented("## User Info", "200")));

    let early = server.get("/clients", Some(&token)).await;
    let closed = json!({"error": "You must accept the terms before using this endpoint."});
    assert_eq!((early.status.as_u16(), early.json()), (403, closed));

    let refused = server.request(Method::POST, "/terms?terms[accept]=false", Some(&token), None).await;
    let refused = refused.expect("an answer");
    let must = json!({"errors": {"accept": ["must be accepted"]}});
    assert_eq!((refused.status.as_u16(), refused.json()), (422, must));
    for _ in 0..2 {
        let accepted = server.request(Method::POST, "/terms", Some(&token), None).await.expect("an answer");
        let expected = documented("## Accept Terms for API use", "200");
        assert_eq!((accepted.status.as_u16(), accepted.json()), (200, expected));
    }

    let clients = server.get("/clients", Some(&token)).await;
    let (mut answered, mut documented) = (clients.json(), documented("## Get All Clients", "200"));
    assert!(answered["fingerprint"].take().is_i64());
    documented["fingerprint"].take();
    assert_eq!((clients.status.as_u16(), answered), (200, documented));
    let by_id = server.get("/clients/1", Some(&token)).await;
    assert_eq!(by_id.json(), clients.json());
}
