//! What a person does from the first step to the last, over HTTP.

use reqwest::Method;
use serde_json::json;

use super::harness::{Server, registration};

const VERIFY: &str = "/v1/auth/verification_codes/verify";

#[tokio::test]
async fn what_was_done_before_a_restart_is_there_after_it() {
    let mut server = Server::start().await;
    let token = server.user("martha@example.com", "a fine long password").await;
    assert_eq!(
        server
            .post("/v1/auth/register", &registration("late@example.com", "a fine long password"))
            .await
            .status,
        200
    );
    let code = server.code("late@example.com", "registration_code").await;
    assert!(server.stop().success(), "a stop that was asked for is no failure");
    server.restart().await;
    let me = server.get("/v1/auth/me", Some(&token)).await;
    assert_eq!(
        (me.status.as_u16(), me.json()["emails"]["data"][0]["email"].as_str()),
        (200, Some("martha@example.com"))
    );
    let verified = server.post(VERIFY, &json!({"contact": "late@example.com", "code": code})).await;
    assert_eq!(verified.status, 200, "codes are derived with the same keys: {}", verified.text);
    server.login("MARTHA@example.com", "a fine long password").await.token();
}

#[tokio::test]
async fn a_registration_is_nobody_until_it_is_verified() {
    let server = Server::start().await;
    let answer =
        server.post("/v1/auth/register", &registration("martha@example.com", "a fine long password")).await;
    assert_eq!(answer.status, 200);
    let refused = server.login("martha@example.com", "a fine long password").await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["data"]["code"], "AUTHENTICATION_FAILED");
}

#[tokio::test]
async fn each_registration_of_a_contact_keeps_its_own_password() {
    let server = Server::start().await;
    let email = "martha@example.com";
    assert_eq!(
        server.post("/v1/auth/register", &registration(email, "the first password")).await.status,
        200
    );
    let first = server.code(email, "registration_code").await;
    assert_eq!(
        server.post("/v1/auth/register", &registration(email, "the second password")).await.status,
        200
    );
    let second =
        server.message(email, |m| m["kind"] == "registration_code" && m["code"] != first.as_str()).await;
    assert_ne!(second["code"], first.as_str());
    server.post(VERIFY, &json!({"contact": email, "code": first})).await.token();
    assert_eq!(server.login(email, "the second password").await.status, 401);
    server.login(email, "the first password").await.token();
    let late = server.post(VERIFY, &json!({"contact": email, "code": second["code"]})).await;
    assert_eq!((late.status.as_u16(), late.json()["data"]["code"].as_str()), (401, Some("INVALID_CODE")));
}

#[tokio::test]
async fn a_taken_contact_is_not_revealed_and_its_owner_is_told() {
    let server = Server::start().await;
    let fresh =
        server.post("/v1/auth/register", &registration("new@example.com", "a fine long password")).await;
    server.user("martha@example.com", "a fine long password").await;
    let taken =
        server.post("/v1/auth/register", &registration("Martha@Example.com", "another fine password")).await;
    assert_eq!((taken.status, &taken.text), (fresh.status, &fresh.text));
    let notice = server.message("martha@example.com", |m| m["kind"] == "already_registered").await;
    assert_eq!(notice.get("code"), None);
    server.login("martha@example.com", "a fine long password").await.token();
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session() {
    let server = Server::start().await;
    let kept = server.user("martha@example.com", "a fine long password").await;
    let other = server.login("martha@example.com", "a fine long password").await.token();
    let body = json!({
        "existing_password": "a fine long password",
        "new_password": "an even finer one", "new_password_confirmation": "an even finer one",
    });
    let changed = server.put("/v1/auth/password/change", Some(&kept), &body).await;
    assert_eq!((changed.status.as_u16(), changed.text.as_str()), (200, "{}"));
    assert_eq!(server.get("/v1/auth/me", Some(&kept)).await.status, 200);
    assert_eq!(server.get("/v1/auth/me", Some(&other)).await.status, 401);
    server.message("martha@example.com", |m| m["kind"] == "password_changed").await;
}

#[tokio::test]
async fn a_reset_ends_every_session_and_its_code_opens_nothing_else() {
    let server = Server::start().await;
    let email = "martha@example.com";
    let token = server.user(email, "a fine long password").await;
    assert_eq!(server.post("/v1/auth/password/forgot", &json!({"contact": email})).await.status, 200);
    let code = server.code(email, "reset_code").await;
    let signed_in = server.post(VERIFY, &json!({"contact": email, "code": code})).await;
    assert_eq!(signed_in.status, 401, "a reset code signs nobody in");
    let reset = |password: &str| json!({"contact": email, "code": code, "password": password, "password_confirmation": password});
    let weak = server.put("/v1/auth/password/reset", None, &reset("martha martha")).await;
    assert_eq!(weak.status, 422, "{}", weak.text);
    let done = server.put("/v1/auth/password/reset", None, &reset("an even finer one")).await;
    assert_eq!(done.status, 200, "a 422 does not use up the code: {}", done.text);
    assert_eq!(server.get("/v1/auth/me", Some(&token)).await.status, 401);
    assert_eq!(server.login(email, "a fine long password").await.status, 401);
    server.login(email, "an even finer one").await.token();
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_alone() {
    let server = Server::start().await;
    let first = server.user("martha@example.com", "a fine long password").await;
    let second = server.login("martha@example.com", "a fine long password").await.token();
    let stranger = server.user("jack@example.com", "a fine long password").await;
    let listed = server.get("/v1/auth/sessions", Some(&first)).await.json();
    let sessions = listed["data"].as_array().expect("a list").clone();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let other = sessions.iter().find(|session| session["current"] == false).expect("the second session");
    assert_eq!(other["ip"], "127.0.0.1");
    let path = format!("/v1/auth/sessions/{}", other["id"].as_str().expect("an id"));
    let delete = |path: String, token: String| {
        let server = &server;
        async move { server.request(Method::DELETE, &path, Some(&token), None).await.expect("an answer").status }
    };
    assert_eq!(delete(path.clone(), stranger.clone()).await, 404);
    assert_eq!(delete(path.clone(), first.clone()).await, 204);
    assert_eq!(delete(path, first.clone()).await, 404);
    assert_eq!(server.get("/v1/auth/me", Some(&second)).await.status, 401);
    let third = server.login("martha@example.com", "a fine long password").await.token();
    assert_eq!(delete("/v1/auth/sessions".into(), first.clone()).await, 204);
    assert_eq!(server.get("/v1/auth/me", Some(&third)).await.status, 401);
    let logout =
        server.request(Method::POST, "/v1/auth/logout", Some(&first), None).await.expect("an answer");
    assert_eq!((logout.status.as_u16(), logout.text.as_str()), (204, ""));
    assert_eq!(server.get("/v1/auth/me", Some(&first)).await.status, 401);
    assert_eq!(server.get("/v1/auth/me", Some(&stranger)).await.status, 200);
}

#[tokio::test]
async fn a_stop_answers_what_it_accepted() {
    let mut server = Server::start().await;
    server.user("martha@example.com", "a fine long password").await;
    let mut logins = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (client, url) = (server.client.clone(), server.url("/v1/auth/login"));
        let body = json!({"contact": "martha@example.com", "password": "a fine long password"}).to_string();
        logins.spawn(async move {
            client
                .post(url)
                .header("content-type", "application/json")
                .body(body)
                .send()
                .await
                .map(|r| r.status())
        });
    }
    // The first is answered, and most of the others are under way.
    while !server.log().contains("route=\"/v1/auth/login\"") {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    assert!(server.stop().success());
    let mut answered = 0;
    while let Some(login) = logins.join_next().await {
        match login.expect("no panic") {
            Ok(status) => {
                assert_eq!(status, 200);
                answered += 1;
            }
            // Refused before it was accepted: never cut in the middle.
            Err(error) => assert!(error.is_connect() || error.is_request(), "{error:?}"),
        }
    }
    assert!(answered > 0, "the server had accepted some by then");
}

#[tokio::test]
async fn the_code_of_a_registration_that_was_pushed_out_harms_no_other() {
    let server = Server::start().await;
    let email = "martha@example.com";
    let mut codes: Vec<String> = Vec::new();
    for n in 0..4 {
        let body = registration(email, &format!("a fine long password {n}"));
        assert_eq!(server.post("/v1/auth/register", &body).await.status, 200);
        let is_new = |m: &serde_json::Value| !codes.iter().any(|code| m["code"] == code.as_str());
        let message = server.message(email, is_new).await;
        codes.push(message["code"].as_str().expect("a code").to_owned());
    }
    let verify = |code: String| {
        let server = &server;
        async move { server.post(VERIFY, &json!({"contact": email, "code": code})).await.status }
    };
    assert_eq!(verify(codes[0].clone()).await, 401, "the fourth registration ended the first");
    assert_eq!(verify(codes[2].clone()).await, 200);
    assert_eq!(verify(codes[3].clone()).await, 401, "somebody else became the user");
    server.login(email, "a fine long password 2").await.token();
}
