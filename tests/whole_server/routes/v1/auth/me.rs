//! `GET /v1/auth/me`

use serde_json::json;

use super::{VERIFY, washington};
use crate::harness::Server;
use crate::routes::v1_document::{self, check, replay, route, snapshot};

#[tokio::test]
async fn me_answers_as_documented() {
    let server = Server::start().await;
    let route = route("GET", "/v1/auth/me");
    let token = washington(&server, "george.washington@example.com", "5VphcVNdGhJi").await;
    check(&route, "by_email", &replay(&server, &route, Some(&token), None).await);
    let register = v1_document::route("POST", "/v1/auth/register");
    replay(&server, &register, None, register.request.as_deref()).await;
    let code = server.code("+15556654345", "registration_code").await;
    let body = json!({"contact": "(555) 665 4345", "code": code});
    let token = server.post(VERIFY, &body).await.token();
    check(&route, "by_phone", &replay(&server, &route, Some(&token), None).await);
    for (name, token) in
        [("without_token", None), ("unknown_token", Some("48a4034027374be582b936f7d58043af"))]
    {
        let refused = replay(&server, &route, token, None).await;
        assert_eq!(refused.status, 401);
        snapshot(&route.path, name, &refused);
    }
}
