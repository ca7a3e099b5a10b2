//! The surface, mounted in another application.

use std::sync::Arc;

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use asteroid_http::{HttpSettings, auth};

use crate::harness::{signed_in_accounts, with_token};

#[actix_web::test]
async fn a_mounted_surface_answers_only_below_its_prefixes() {
    let mut accounts = signed_in_accounts();
    accounts.expect_list_sessions().times(2).returning(|_| Ok(Vec::new()));
    let surface = auth::configure(Arc::new(accounts), Arc::new(HttpSettings::default()));
    let own = web::get().to(|| async { "own" });
    let service = init_service(App::new().configure(surface).route("/v1/own", own)).await;

    let mut answered = Vec::new();
    for path in ["/v1/auth/sessions", "/v1/auth/sessions/", "/v1/auth/nowhere", "/v1/own", "/healthz"] {
        let response = call_service(&service, with_token(TestRequest::get().uri(path)).to_request()).await;
        let status = response.status().as_u16();
        let body = String::from_utf8(read_body(response).await.to_vec()).expect("UTF-8");
        answered.push(format!("{path}: {status} {body}"));
    }
    insta::assert_snapshot!(answered.join("\n"), @r#"
    /v1/auth/sessions: 200 {"data":[]}
    /v1/auth/sessions/: 200 {"data":[]}
    /v1/auth/nowhere: 404 {"error":{"code":"NOT_FOUND","message":"There is nothing here, or nothing that you may see."}}
    /v1/own: 200 own
    /healthz: 404
    "#);
}
