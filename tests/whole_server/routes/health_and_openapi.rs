//! `/healthz`, `/readyz`, `/openapi.json`, `/docs/` and request ids.

use std::process::Command;

use reqwest::Method;

use crate::harness::Server;

const COPY: &str = include_str!("../../../docs/api/openapi.json");
const ADMIN_COPY: &str = include_str!("../../../docs/api/admin-openapi.json");

#[tokio::test]
async fn healthz_and_readyz_answer_ok() {
    let server = Server::start().await;
    for path in ["/healthz", "/readyz"] {
        let answer = server.get(path, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let head = server.request(Method::HEAD, path, None, None).await.expect("an answer");
        assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    }
}

#[tokio::test]
async fn openapi_json_equals_the_committed_copy() {
    // With the default settings, which the description shows.
    let server = Server::start_with(&[]).await;
    let served = server.get("/openapi.json", None).await;
    let copy: serde_json::Value = serde_json::from_str(COPY).expect("JSON");
    assert_eq!(served.json(), copy, "run `just openapi` and commit docs/api/openapi.json");
    assert!(copy["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
}

#[test]
fn the_openapi_command_prints_the_committed_copies() {
    for (arguments, copy) in [(&["openapi"][..], COPY), (&["openapi", "--admin"], ADMIN_COPY)] {
        let printed = Command::new(env!("CARGO_BIN_EXE_asteroid")).args(arguments).output().expect("it runs");
        assert!(printed.status.success());
        assert_eq!(
            String::from_utf8_lossy(&printed.stdout),
            copy,
            "run `just openapi` and commit the result"
        );
    }
}

#[tokio::test]
async fn the_admin_listener_serves_its_description() {
    let server = Server::start_with(&[("ASTEROID_ADMIN__BIND", "127.0.0.1:0")]).await;
    let url = format!("http://{}/admin/openapi.json", server.admin());
    let served: serde_json::Value =
        server.client.get(url).send().await.expect("an answer").json().await.expect("JSON");
    let copy: serde_json::Value = serde_json::from_str(ADMIN_COPY).expect("JSON");
    assert_eq!(served, copy, "run `just openapi` and commit docs/api/admin-openapi.json");
}

#[tokio::test]
async fn the_reference_page_loads_no_external_assets() {
    let server = Server::start().await;
    let page = server.get("/docs/", None).await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") || policy.contains("default-src 'self'"), "{policy}");
    assert!(!policy.contains("script-src 'unsafe-inline'"), "{policy}");
    for outside in ["http://", "https://", "\"//"] {
        assert!(!page.text.contains(outside), "{outside} in {}", page.text);
    }
}

#[tokio::test]
async fn every_response_has_a_request_id() {
    let server = Server::start().await;
    for path in ["/healthz", "/v1/auth/me", "/v1/auth/nowhere", "/nowhere", "/v1/auth/login"] {
        let answer = server.get(path, None).await;
        let made = answer.header("x-request-id").expect("an id");
        assert_eq!(made.len(), 36, "{path}: {made}");
    }
    let request = server.client.get(server.url("/nowhere")).header("x-request-id", "sane_Id-1");
    let response = request.send().await.expect("an answer");
    assert_eq!(response.headers()["x-request-id"], "sane_Id-1");
    assert!(server.log().contains("sane_Id-1"), "the log lines of the request contain it");
}
