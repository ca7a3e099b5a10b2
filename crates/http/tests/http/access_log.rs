//! The access log, errors in the log, and what must never be logged.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::accounts::RegisterError;
use asteroid_application::mocks::MockAccounts;
use asteroid_http::HttpSettings;
use asteroid_kernel::StorageError;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::harness::errors::route_at;
use crate::harness::{BODIES, TOKEN, ask, ask_with, json, willing_accounts, with_token};
use crate::openapi::bodiless_requests;
use crate::timeouts_and_panics::Stuck;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the lock is not poisoned").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The log lines of every level while this request is answered.
async fn lines(accounts: MockAccounts, request: TestRequest) -> Vec<Value> {
    lines_during(ask(accounts, request.insert_header(("x-request-id", "r-1")))).await
}

/// The log lines of every level until this future completes.
pub(crate) async fn lines_during<F: Future>(work: F) -> Vec<Value> {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    work.await;
    drop(guard);
    let written = log.0.lock().expect("the lock is not poisoned").clone();
    let written = String::from_utf8(written).expect("UTF-8");
    let lines = written.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).expect("JSON");
        // Its digits may be those of a secret.
        line.as_object_mut().and_then(|line| line.remove("timestamp")).expect("a time");
        line
    });
    lines.collect()
}

/// The lines of this crate, without values that differ from run to run.
pub(crate) fn printed(lines: &[Value]) -> String {
    let ours = lines.iter().filter(|line| line["target"].as_str().is_some_and(|t| t.starts_with("asteroid")));
    let formatted = ours.map(|line| {
        let mut fields = line["fields"].clone();
        let message = fields.as_object_mut().and_then(|fields| fields.remove("message")).expect("a message");
        if let Some(duration) = fields.get_mut("duration_ms") {
            *duration = "any".into();
        }
        let span = line.get("span").map(|span| format!(" in {span}")).unwrap_or_default();
        format!("{} {message} {fields}{span}", line["level"].as_str().expect("a level"))
    });
    formatted.collect::<Vec<_>>().join("\n")
}

#[actix_web::test]
async fn each_request_has_one_line_in_the_access_log() {
    let request = TestRequest::get().uri("/v1/auth/me?access_token=secret");
    insta::assert_snapshot!(printed(&lines(MockAccounts::new(), request).await), @r#"INFO "answered" {"bytes":88,"client":"203.0.113.9","duration_ms":"any","method":"GET","request_id":"r-1","route":"/v1/auth/me","status":401}"#);
}

#[actix_web::test]
async fn the_line_of_a_request_names_its_client_and_user() {
    let request =
        with_token(TestRequest::get().uri("/v1/auth/sessions")).insert_header(("user-agent", "curl/8.5.0"));
    insta::assert_snapshot!(printed(&lines(willing_accounts(), request).await), @r#"INFO "answered" {"bytes":11,"client":"203.0.113.9","duration_ms":"any","method":"GET","request_id":"r-1","route":"/v1/auth/sessions","status":200,"user_agent":"curl/8.5.0","user_id":1}"#);
}

#[actix_web::test]
async fn a_refused_cors_preflight_names_its_origin_and_the_setting() {
    let allowed =
        || HttpSettings { cors_origins: vec!["https://app.example.com".into()], ..HttpSettings::default() };
    let preflight = |origin: &'static str| {
        TestRequest::default()
            .method(Method::OPTIONS)
            .uri("/v1/auth/me")
            .insert_header(("x-request-id", "r-1"))
            .insert_header(("origin", origin))
            .insert_header(("access-control-request-method", "GET"))
    };
    let mut written = Vec::new();
    for (settings, origin) in [
        (allowed(), "https://app.example.com"),
        (allowed(), "https://other.example.com"),
        (HttpSettings::default(), "https://app.example.com"),
        (allowed(), "https://george@example.com"),
    ] {
        let lines = lines_during(ask_with(MockAccounts::new(), settings, preflight(origin))).await;
        written.push(printed(&lines));
    }
    insta::assert_snapshot!(written.join("\n"), @r#"
    INFO "answered" {"bytes":0,"client":"203.0.113.9","duration_ms":"any","method":"OPTIONS","request_id":"r-1","route":"/v1/auth/me","status":200}
    WARN "refused a CORS preflight: the setting does not list this origin" {"origin":"https://other.example.com","setting":"http.cors_origins"} in {"method":"OPTIONS","name":"request","request_id":"r-1","route":"/v1/auth/me"}
    INFO "answered" {"bytes":98,"client":"203.0.113.9","duration_ms":"any","method":"OPTIONS","request_id":"r-1","route":"/v1/auth/me","status":403}
    WARN "refused a CORS preflight: the setting does not list this origin" {"origin":"https://app.example.com","setting":"http.cors_origins"} in {"method":"OPTIONS","name":"request","request_id":"r-1","route":"/v1/auth/me"}
    INFO "answered" {"bytes":92,"client":"203.0.113.9","duration_ms":"any","method":"OPTIONS","request_id":"r-1","route":"/v1/auth/me","status":405}
    WARN "refused a CORS preflight: the setting does not list this origin" {"origin":"(not an origin)","setting":"http.cors_origins"} in {"method":"OPTIONS","name":"request","request_id":"r-1","route":"/v1/auth/me"}
    INFO "answered" {"bytes":98,"client":"203.0.113.9","duration_ms":"any","method":"OPTIONS","request_id":"r-1","route":"/v1/auth/me","status":403}
    "#);
}

fn request_of(path: &str) -> TestRequest {
    let route = route_at(path);
    route.request(route.body())
}

#[actix_web::test]
async fn a_request_whose_client_disconnects_has_a_line_too() {
    tokio::time::pause();
    let request = request_of("/v1/auth/register").insert_header(("x-request-id", "r-1"));
    let cut_off = tokio::time::timeout(Duration::from_secs(1), ask(Stuck, request));
    insta::assert_snapshot!(printed(&lines_during(cut_off).await), @r#"INFO "the client disconnected" {"bytes":0,"client":"203.0.113.9","duration_ms":"any","method":"POST","request_id":"r-1","route":"/v1/auth/register"}"#);
}

#[actix_web::test]
async fn the_log_has_the_route_pattern_and_not_the_path() {
    let mut routes = Vec::new();
    for path in ["/v1/auth/sessions/1", "/v1/auth/sessions/", "/v1/auth/secret", "/secret", "/docs/page.js"] {
        let lines = lines(MockAccounts::new(), TestRequest::delete().uri(path)).await;
        let written: Vec<&Value> =
            lines.iter().filter(|line| line["fields"]["message"] == "answered").collect();
        assert_eq!(written.len(), 1);
        routes.push(written[0]["fields"]["route"].as_str().expect("a route").to_owned());
    }
    insta::assert_snapshot!(routes.join("\n"), @r"
    /v1/auth/sessions/{id}
    /v1/auth/sessions
    none
    none
    /docs/page.js
    ");
}

#[actix_web::test]
async fn the_cause_of_an_error_is_logged_with_the_request_id() {
    let mut accounts = MockAccounts::new();
    let cause = || StorageError::Failed(io::Error::other("no such table: users").into());
    accounts.expect_register().returning(move |_| Err(RegisterError::Storage(cause())));
    let lines = lines(accounts, request_of("/v1/auth/register")).await;
    insta::assert_snapshot!(printed(&lines), @r#"
    ERROR "the store failed: no such table: users" {} in {"method":"POST","name":"request","request_id":"r-1","route":"/v1/auth/register"}
    INFO "answered" {"bytes":81,"client":"203.0.113.9","duration_ms":"any","method":"POST","request_id":"r-1","route":"/v1/auth/register","status":500}
    "#);
}

#[actix_web::test]
async fn a_panic_is_logged_with_the_request_id() {
    let mut accounts = MockAccounts::new();
    accounts.expect_sign_in().returning(|_| panic!("a bug"));
    let lines = lines(accounts, request_of("/v1/auth/login")).await;
    insta::assert_snapshot!(printed(&lines), @r#"
    ERROR "a handler panicked: a bug" {} in {"method":"POST","name":"request","request_id":"r-1","route":"/v1/auth/login"}
    INFO "answered" {"bytes":81,"client":"203.0.113.9","duration_ms":"any","method":"POST","request_id":"r-1","route":"/v1/auth/login","status":500}
    "#);
}

#[actix_web::test]
async fn the_log_holds_no_secret_and_no_contact_at_any_level() {
    let secrets = [
        TOKEN,
        "george",
        "washington",
        "4345",
        "5555",
        "Prez1776",
        "hGJi",
        "oldpassword",
        "newpassword",
        "12345",
    ];
    for route in BODIES.iter() {
        for body in [route.body(), route.body().replace("\": \"", "\": \"x"), format!("[{}]", route.body())] {
            let path = format!("{}?token={TOKEN}", route.path);
            let written = format!(
                "{:?}",
                lines(willing_accounts(), with_token(json(&route.method, &path, body))).await
            );
            assert!(written.contains("answered"));
            for secret in secrets {
                assert!(!written.contains(secret), "{secret} in {written}");
            }
        }
    }
    for (method, path) in bodiless_requests() {
        let request = with_token(TestRequest::default().method(method).uri(&path));
        assert!(!format!("{:?}", lines(willing_accounts(), request).await).contains(TOKEN));
    }
}
