//! Errors of `GET /clients` and `GET /clients/{clientId}`.

use actix_web::test::TestRequest;
use asteroid_application::practice::{ClientListing, ClientsError, ClientsSeen};
use asteroid_clients::{ClientFilter, PracticeId};

use crate::harness::errors::summary;
use crate::harness::errors::{busy, failed, unavailable};
use crate::harness::practice_api::{admitting_practices, ask, route_at};
use crate::harness::{signed_in_accounts, with_token};

#[actix_web::test]
async fn clients_errors_are_answered_by_name() {
    let errors = [
        || ClientsError::Forbidden,
        || ClientsError::NotFound,
        || ClientsError::Storage(busy()),
        || ClientsError::Storage(failed()),
    ];
    for path in ["/clients", "/clients/1"] {
        let mut table = String::new();
        for error in errors {
            let mut practices = admitting_practices();
            practices.expect_look_at_clients().returning(move |_, _| Err(error()));
            practices.expect_find_client().returning(move |_, _, _| Err(error()));
            table += &summary(&ask(signed_in_accounts(), practices, route_at(path).request()).await);
        }
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r#"
        403 {"error":"You are not authorized to see clients."}
        404 {"error":"There is nothing here, or nothing that you may see."}
        503 [retry-after: 1] {"error":"The service is temporarily unavailable. Please try again."}
        500 {"error":"Something went wrong on our side."}
        "#); }
    }
}

#[actix_web::test]
async fn an_error_of_the_first_page_of_clients_is_answered() {
    for path in ["/clients", "/clients?limit=1"] {
        let mut table = String::new();
        for error in [busy(), unavailable(), failed()] {
            let filter =
                ClientFilter { practice: PracticeId(1), status: None, updated_since: None, prefix: None };
            let mut practices = admitting_practices();
            practices
                .expect_look_at_clients()
                .once()
                .return_once(|_, _| Ok(ClientsSeen::All(ClientListing::assumed(filter))));
            practices.expect_next_clients().once().return_once(|_, _, _| Err(error));
            let request = with_token(TestRequest::get().uri(path));
            table += &summary(&ask(signed_in_accounts(), practices, request).await);
        }
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r#"
        503 [retry-after: 1] {"error":"The service is temporarily unavailable. Please try again."}
        503 [retry-after: 5] {"error":"The service is temporarily unavailable. Please try again."}
        500 {"error":"Something went wrong on our side."}
        "#); }
    }
}
