//! The application of the admin listener.

use std::num::NonZeroU32;
use std::sync::Arc;

use actix_web::test::{TestRequest, call_service, init_service};
use asteroid_application::mocks::{MockAccounts, MockAdministration};
use asteroid_http::{
    AdminApi, AdminParts, AdminSettings, FirstAdministrator, HttpSettings, KeyFact, MetricsSource, Parts,
    ServerFacts, admin_app,
};

use crate::harness::{Answer, Ready, ask, parts};

/// A metric that never changes.
pub(crate) struct OneMetric;

impl MetricsSource for OneMetric {
    async fn render(&self) -> String {
        "asteroid_build_info 1\n".to_owned()
    }
}

/// A server without keys.
struct NoFacts;

impl ServerFacts for NoFacts {
    fn settings(&self) -> String {
        "profile = \"development\"".to_owned()
    }

    fn keys(&self) -> Result<Vec<KeyFact>, String> {
        Ok(Vec::new())
    }
}

pub(crate) fn admin_parts(
    api: AdminApi<MockAdministration>,
) -> AdminParts<MockAccounts, MockAdministration, Ready, OneMetric> {
    let Parts { accounts, readiness, clock, randomness, settings: http, .. } =
        parts(MockAccounts::new(), HttpSettings::default());
    let settings = AdminSettings { hosts: vec!["asteroid.internal".to_owned()], ..AdminSettings::default() };
    AdminParts {
        accounts,
        facts: Arc::new(NoFacts),
        first: Arc::new(FirstAdministrator::none()),
        api: Arc::new(api),
        http,
        readiness,
        metrics: Arc::new(OneMetric),
        clock,
        randomness,
        settings: Arc::new(settings),
    }
}

pub(crate) async fn ask_admin(request: TestRequest) -> Answer {
    let request = request.insert_header(("x-request-id", "r-1"));
    let api = AdminApi::new(Arc::new(MockAdministration::new()), NonZeroU32::MAX);
    let response =
        call_service(&init_service(admin_app(&admin_parts(api))).await, request.to_request()).await;
    Answer::of(response).await
}

#[actix_web::test]
async fn admin_listener_answers_problem_details_to_unknown_paths_and_methods() {
    insta::assert_snapshot!(ask_admin(TestRequest::get().uri("/v1/auth/me")).await, @r#"
    404 Not Found
    cache-control: no-store
    content-type: application/problem+json
    x-request-id: r-1

    {"title":"Not Found","status":404,"code":"NOT_FOUND","detail":"There is nothing here, or nothing that you may see."}
    "#);
    insta::assert_snapshot!(ask_admin(TestRequest::post().uri("/healthz")).await, @r#"
    405 Method Not Allowed
    allow: GET, HEAD
    cache-control: no-store
    content-type: application/problem+json
    x-request-id: r-1

    {"title":"Method Not Allowed","status":405,"code":"METHOD_NOT_ALLOWED","detail":"This resource answers to GET, HEAD only."}
    "#);
}

#[actix_web::test]
async fn admin_listener_refuses_a_host_that_is_not_listed() {
    let health = |host: &'static str| TestRequest::get().uri("/healthz").insert_header(("host", host));
    for host in ["127.0.0.1:8081", "localhost:8081", "asteroid.internal:8081"] {
        assert_eq!(ask_admin(health(host)).await.status, 200, "{host}");
    }
    insta::assert_snapshot!(ask_admin(health("evil.example:8081")).await, @r#"
    421 Misdirected Request
    cache-control: no-store
    content-type: application/problem+json
    x-request-id: r-1

    {"title":"Misdirected Request","status":421,"code":"UNKNOWN_HOST","detail":"The Host field names a host that is not in admin.hosts (ASTEROID_ADMIN__HOSTS)."}
    "#);
}

#[actix_web::test]
async fn admin_listener_refuses_a_body_of_more_than_one_mebibyte() {
    let announced =
        |length: &'static str| TestRequest::post().uri("/nothing").insert_header(("content-length", length));
    assert_eq!(ask_admin(announced("1048576")).await.status, 404);
    insta::assert_snapshot!(ask_admin(announced("1048577")).await, @r#"
    413 Payload Too Large
    cache-control: no-store
    content-type: application/problem+json
    x-request-id: r-1

    {"title":"Payload Too Large","status":413,"code":"PAYLOAD_TOO_LARGE","detail":"The request body must have at most 1048576 bytes."}
    "#);
}

#[actix_web::test]
async fn metrics_are_in_the_text_format_of_prometheus() {
    insta::assert_snapshot!(ask_admin(TestRequest::get().uri("/metrics")).await, @r"
    200 OK
    cache-control: no-store
    content-type: text/plain; version=0.0.4; charset=utf-8
    x-request-id: r-1

    asteroid_build_info 1
    ");
}

#[actix_web::test]
async fn public_listener_has_nothing_of_the_admin_listener() {
    for path in ["/metrics", "/admin", "/admin/", "/admin/v1/users"] {
        assert_eq!(ask(MockAccounts::new(), TestRequest::get().uri(path)).await.status, 404, "{path}");
    }
}
