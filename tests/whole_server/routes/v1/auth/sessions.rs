//! `GET` and `DELETE /v1/auth/sessions`, `POST /v1/auth/logout`

use reqwest::Method;

use crate::harness::Server;

#[tokio::test]
async fn only_the_owner_lists_and_ends_sessions() {
    let server = Server::start().await;
    let first = server.user("martha@example.com", "a fine long password").await;
    let second = server.sign_in("martha@example.com", "a fine long password").await.token();
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
    let third = server.sign_in("martha@example.com", "a fine long password").await.token();
    assert_eq!(delete("/v1/auth/sessions".into(), first.clone()).await, 204);
    assert_eq!(server.get("/v1/auth/me", Some(&third)).await.status, 401);
    let logout =
        server.request(Method::POST, "/v1/auth/logout", Some(&first), None).await.expect("an answer");
    assert_eq!((logout.status.as_u16(), logout.text.as_str()), (204, ""));
    assert_eq!(server.get("/v1/auth/me", Some(&first)).await.status, 401);
    assert_eq!(server.get("/v1/auth/me", Some(&stranger)).await.status, 200);
}
