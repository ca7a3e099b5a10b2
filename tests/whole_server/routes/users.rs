//! `/users`: sign-in, sign-out, password and the current user of the practice API.

use reqwest::Method;
use serde_json::json;

use super::practice_document::{PASSWORD, documented, server, sign_in, token};

#[tokio::test]
async fn sign_in_answers_as_documented() {
    let server = server().await;
    let answer = sign_in(&server).await;
    let (mut answered, mut shown_profile) = (answer.json(), documented("## Login", "200"));
    let token = answered["token"].take();
    let parts: Vec<&str> = token.as_str().expect("a token").split('.').collect();
    assert_eq!(parts.len(), 3, "a JWT has three parts");
    shown_profile["token"].take();
    assert_eq!(answered, shown_profile);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for wrong in [
        json!({"user": {"email": "jeremy@test.com", "password": "wrong"}}),
        json!({"user": {"email": "unknown@test.com", "password": PASSWORD}}),
        json!({"user": {"email": "jeremy@test.com"}}),
        json!({}),
    ] {
        let refused = server.post("/users/sign_in", &wrong).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()),
            (401, documented("## Login", "401")),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn sign_in_accepts_parameters_as_form_and_in_the_query() {
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
async fn change_password_answers_as_documented() {
    let server = server().await;
    let token = token(&sign_in(&server).await);
    let all_blank = json!({"user": {"current_password": "", "password": "", "password_confirmation": ""}});
    let refused = server.put("/users/", Some(&token), &all_blank).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json(), documented("## Change Password", "422"));
    let guess =
        json!({"user": {"current_password": "", "password": PASSWORD, "password_confirmation": PASSWORD}});
    let errors = json!({"errors": {"current_password": ["can't be blank", "is invalid"]}});
    assert_eq!(
        server.put("/users", Some(&token), &guess).await.json(),
        errors,
        "no word on whether the new password is the current one"
    );
    let right = json!({"user": {
        "current_password": PASSWORD, "password": "an even finer one", "password_confirmation": "an even finer one",
    }});
    let changed = server.put("/users", Some(&token), &right).await;
    assert_eq!((changed.status.as_u16(), changed.json()), (200, documented("## Change Password", "200")));
    server.sign_in("jeremy@test.com", "an even finer one").await.token();
}

#[tokio::test]
async fn tokens_of_both_apis_are_accepted_by_both() {
    let server = server().await;
    let signed = token(&sign_in(&server).await);
    let opaque = server.sign_in("jeremy@test.com", PASSWORD).await.token();
    for token in [&signed, &opaque] {
        let me = server.get("/v1/auth/me", Some(token)).await;
        assert_eq!((me.status.as_u16(), me.json()["id"].as_i64()), (200, Some(25)));
        let current = server.get("/users/current", Some(token)).await;
        assert_eq!(current.json(), documented("## User Info", "200"));
    }
    let out =
        server.request(Method::DELETE, "/users/sign_out", Some(&signed), None).await.expect("an answer");
    assert_eq!((out.status.as_u16(), out.text.as_str()), (204, ""));
    for path in ["/v1/auth/me", "/users/current"] {
        assert_eq!(server.get(path, Some(&signed)).await.status, 401);
        assert_eq!(server.get(path, Some(&opaque)).await.status, 200);
    }
}
