//! `POST /v1/auth/login`

use super::washington;
use crate::harness::Server;
use crate::routes::v1_document::{check, replay, route};

#[tokio::test]
async fn login_answers_as_documented() {
    let server = Server::start().await;
    let route = route("POST", "/v1/auth/login");
    let example = route.request.as_deref().expect("an example");
    check(&route, "unknown", &replay(&server, &route, None, Some(example)).await);
    washington(&server, "george.washington@example.com", "5VphcVNdGhJi").await;
    check(&route, "example", &replay(&server, &route, None, Some(example)).await);
    check(&route, "nothing_given", &replay(&server, &route, None, Some("{}")).await);
}
