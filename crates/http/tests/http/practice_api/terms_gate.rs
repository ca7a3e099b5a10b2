//! The gate that accepted terms open.

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_application::practice::TermsGateError;
use asteroid_http::practice_api;
use asteroid_http::practice_api::AcceptedTerms;

use crate::harness::errors::summary;
use crate::harness::errors::unavailable;
use crate::harness::practice_api::ask;
use crate::harness::{caller, signed_in_accounts, with_token};

#[actix_web::test]
async fn the_terms_gate_answers_403_until_the_terms_are_accepted() {
    for path in ["/clients", "/clients/1", "/clients?limit=0"] {
        let mut table = String::new();
        for error in [TermsGateError::NotAccepted, unavailable().into()] {
            let mut practices = MockPractices::new();
            practices.expect_pass_terms_gate().once().return_once(|_| Err(error));
            let request = with_token(TestRequest::get().uri(path));
            table += &summary(&ask(signed_in_accounts(), practices, request).await);
        }
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r#"
        403 {"error":"You must accept the terms before using this endpoint."}
        503 [retry-after: 5] {"error":"The service is temporarily unavailable. Please try again."}
        "#); }
    }
}

#[actix_web::test]
async fn a_route_of_another_application_can_take_the_terms_gate() {
    async fn own(gate: AcceptedTerms<MockAccounts, MockPractices>) -> HttpResponse {
        assert_eq!(gate.proof().caller(), caller());
        HttpResponse::Ok().body("own")
    }

    let mut practices = MockPractices::new();
    let mut answers = vec![Err(TermsGateError::NotAccepted), Ok(crate::harness::practice_api::admitted())];
    practices.expect_pass_terms_gate().times(2).returning(move |_| answers.pop().expect("two calls"));
    let surface = practice_api::configure(
        signed_in_accounts().into(),
        practices.into(),
        asteroid_http::HttpSettings::default().into(),
        asteroid_http::StreamSlots::new(&asteroid_http::HttpSettings::default()),
    );
    let service = init_service(App::new().configure(surface).route("/own", web::get().to(own))).await;
    let mut statuses = Vec::new();
    for request in [
        with_token(TestRequest::get().uri("/own")),
        with_token(TestRequest::get().uri("/own")),
        TestRequest::get().uri("/own"),
    ] {
        statuses.push(call_service(&service, request.to_request()).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 403, 401]);
}
