//! What each refusal of a use case becomes, and what stands before all of them: the token and the terms.

use std::time::Duration;

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_application::ports::practice::{ClientListing, ClientsError, ClientsSeen, TermsGateError};
use asteroid_application::ports::{AuthenticateError, ReviewPasswordChangeError, SignInError};
use asteroid_clients::{ClientFilter, PracticeId};
use asteroid_http::practice_api::{self, AcceptedTerms};
use asteroid_identity::{HashingError, SigningError};
use asteroid_kernel::StorageError;

use crate::harness::{caller, signed_in_accounts, willing_accounts, with_token};
use crate::practice_api_harness::{ROUTES, Route, admitting_practices, ask};
use crate::refusals::line;

const WAIT: Duration = Duration::from_millis(59_001);

fn busy() -> StorageError {
    StorageError::Busy
}

fn unavailable() -> StorageError {
    StorageError::Unavailable("connection refused: 10.0.0.7".into())
}

fn failed() -> StorageError {
    StorageError::Failed("no such table: users".into())
}

fn route(path: &str) -> &'static Route {
    const { &ROUTES }.iter().find(|route| route.path == path).expect("a route")
}

/// What becomes of each of these errors of one use case of accounts.
macro_rules! of_accounts {
    ($path:literal, $expect:ident, [$($error:expr),* $(,)?]) => {{
        let mut table = String::new();
        $(
            let mut accounts = signed_in_accounts();
            accounts.$expect().once().returning(|_| Err($error));
            table += &line(&ask(accounts, MockPractices::new(), route($path).request()).await);
        )*
        table
    }};
}

#[actix_web::test]
async fn of_a_sign_in() {
    let table = of_accounts!(
        "/users/sign_in",
        expect_sign_in,
        [
            SignInError::InvalidCredentials,
            SignInError::TooManyAttempts { retry_after: WAIT },
            SignInError::Hashing(HashingError::Overloaded { retry_after: WAIT }),
            SignInError::Hashing(HashingError::Failed("out of memory".into())),
            SignInError::Storage(busy()),
            SignInError::Storage(unavailable()),
            SignInError::Storage(failed()),
            SignInError::Signing(SigningError("no key".into())),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    401 {"error":"Invalid email or password."}
    429 [retry-after: 60] [ratelimit: "default";r=0;t=60] {"error":"Too many requests. Please try again in 60 s."}
    503 [retry-after: 60] {"error":"The service is temporarily unavailable. Please try again."}
    500 {"error":"Something went wrong on our side."}
    503 [retry-after: 1] {"error":"The service is temporarily unavailable. Please try again."}
    503 [retry-after: 5] {"error":"The service is temporarily unavailable. Please try again."}
    500 {"error":"Something went wrong on our side."}
    500 {"error":"Something went wrong on our side."}
    "#);
}

#[actix_web::test]
async fn of_a_change_of_the_password() {
    let table = of_accounts!(
        "/users",
        expect_review_password_change,
        [
            ReviewPasswordChangeError::TooManyAttempts { retry_after: WAIT },
            ReviewPasswordChangeError::Hashing(HashingError::Overloaded { retry_after: WAIT }),
            ReviewPasswordChangeError::Hashing(HashingError::Failed("out of memory".into())),
            ReviewPasswordChangeError::Storage(busy()),
            ReviewPasswordChangeError::Storage(unavailable()),
            ReviewPasswordChangeError::Storage(failed()),
        ]
    );
    insta::assert_snapshot!(table, @r#"
    429 [retry-after: 60] [ratelimit: "default";r=0;t=60] {"error":"Too many requests. Please try again in 60 s."}
    503 [retry-after: 60] {"error":"The service is temporarily unavailable. Please try again."}
    500 {"error":"Something went wrong on our side."}
    503 [retry-after: 1] {"error":"The service is temporarily unavailable. Please try again."}
    503 [retry-after: 5] {"error":"The service is temporarily unavailable. Please try again."}
    500 {"error":"Something went wrong on our side."}
    "#);
}

#[actix_web::test]
async fn of_the_terms_gate() {
    for path in ["/clients", "/clients/1", "/clients?limit=0"] {
        let mut table = String::new();
        for error in [TermsGateError::NotAccepted, unavailable().into()] {
            let mut practices = MockPractices::new();
            practices.expect_pass_terms_gate().once().return_once(|_| Err(error));
            let request = with_token(TestRequest::get().uri(path));
            table += &line(&ask(signed_in_accounts(), practices, request).await);
        }
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r#"
        403 {"error":"You must accept the terms before using this endpoint."}
        503 [retry-after: 5] {"error":"The service is temporarily unavailable. Please try again."}
        "#); }
    }
}

#[actix_web::test]
async fn of_a_look_at_clients() {
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
            table += &line(&ask(signed_in_accounts(), practices, route(path).request()).await);
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
async fn of_the_first_page_of_clients() {
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
            table += &line(&ask(signed_in_accounts(), practices, request).await);
        }
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r#"
        503 [retry-after: 1] {"error":"The service is temporarily unavailable. Please try again."}
        503 [retry-after: 5] {"error":"The service is temporarily unavailable. Please try again."}
        500 {"error":"Something went wrong on our side."}
        "#); }
    }
}

#[actix_web::test]
async fn of_terms_that_were_never_published() {
    let mut practices = MockPractices::new();
    practices.expect_terms_status().once().returning(|_| Ok(None));
    let request = with_token(TestRequest::get().uri("/terms"));
    insta::assert_snapshot!(line(&ask(signed_in_accounts(), practices, request).await), @r#"404 {"error":"There is nothing here, or nothing that you may see."}"#);
}

#[actix_web::test]
async fn of_a_user_who_is_gone() {
    for route in ["/users", "/users/current"].map(route) {
        let mut practices = MockPractices::new();
        practices.expect_practice_profile().once().returning(|_, _| Ok(None));
        let refused = line(&ask(willing_accounts(), practices, route.request()).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"401 [www-authenticate: Bearer error="invalid_token"] {"error":"You need to sign in before continuing."}"#); }
    }
}

#[actix_web::test]
async fn of_a_token() {
    for route in ROUTES.iter().filter(|route| route.needs_token()) {
        let mut accounts = MockAccounts::new();
        accounts.expect_authenticate().once().returning(|_| Err(AuthenticateError::Unauthenticated));
        let refused = line(&ask(accounts, MockPractices::new(), route.request()).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"401 [www-authenticate: Bearer error="invalid_token"] {"error":"You need to sign in before continuing."}"#); }
        // None was sent, except where nobody looks for one.
        let request = TestRequest::default()
            .method(route.method.clone())
            .uri(&format!("{}?access_token=48a4034027374be582b936f7d58043af", route.path));
        let refused = line(&ask(MockAccounts::new(), MockPractices::new(), request).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"401 [www-authenticate: Bearer] {"error":"You need to sign in before continuing."}"#); }
    }
}

#[actix_web::test]
async fn of_a_store_that_cannot_say_whose_token_it_is() {
    for route in ROUTES.iter().filter(|route| route.needs_token()) {
        let mut accounts = MockAccounts::new();
        accounts.expect_authenticate().once().returning(|_| Err(AuthenticateError::Storage(unavailable())));
        let refused = line(&ask(accounts, MockPractices::new(), route.request()).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"503 [retry-after: 5] {"error":"The service is temporarily unavailable. Please try again."}"#); }
    }
}

#[actix_web::test]
async fn of_a_store_after_the_token_was_found_good() {
    for route in ROUTES {
        let mut accounts = signed_in_accounts();
        accounts.expect_sign_in().returning(|_| Err(failed().into()));
        accounts.expect_sign_out().returning(|_, _| Err(failed()));
        accounts.expect_review_password_change().returning(|_| Ok(()));
        let mut practices = admitting_practices();
        practices.expect_practice_profile().returning(|_, _| Err(failed()));
        practices.expect_terms_status().returning(|_| Err(failed()));
        practices.expect_accept_terms().returning(|_, _| Err(failed()));
        practices.expect_look_at_clients().returning(|_, _| Err(failed().into()));
        practices.expect_find_client().returning(|_, _, _| Err(failed().into()));
        let refused = line(&ask(accounts, practices, route.request()).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"500 {"error":"Something went wrong on our side."}"#); }
    }
}

#[actix_web::test]
async fn of_a_handler_that_panics() {
    for route in ROUTES.iter().filter(|route| route.needs_token()) {
        let mut accounts = MockAccounts::new();
        accounts.expect_authenticate().returning(|_| panic!("a bug"));
        let refused = line(&ask(accounts, MockPractices::new(), route.request()).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"500 {"error":"Something went wrong on our side."}"#); }
    }
}

#[actix_web::test]
async fn a_route_of_ones_own_can_wear_the_gate() {
    async fn own(gate: AcceptedTerms<MockAccounts, MockPractices>) -> HttpResponse {
        assert_eq!(gate.proof().caller(), caller());
        HttpResponse::Ok().body("own")
    }

    let mut practices = MockPractices::new();
    let mut answers = vec![Err(TermsGateError::NotAccepted), Ok(crate::practice_api_harness::admitted())];
    practices.expect_pass_terms_gate().times(2).returning(move |_| answers.pop().expect("two calls"));
    let surface = practice_api::configure(
        signed_in_accounts().into(),
        practices.into(),
        asteroid_http::HttpSettings::default().into(),
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
