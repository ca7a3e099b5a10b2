//! Bearer tokens, on every route that needs one.

use actix_web::test::TestRequest;
use asteroid_application::accounts::AuthenticateError;
use asteroid_application::mocks::{MockAccounts, MockPractices};

use crate::harness::errors::summary;
use crate::harness::errors::{failed, unavailable};
use crate::harness::practice_api::{ROUTES, admitting_practices, ask};
use crate::harness::signed_in_accounts;

#[actix_web::test]
async fn an_invalid_or_expired_bearer_token_is_answered_401_on_every_route() {
    for route in ROUTES.iter().filter(|route| route.needs_token()) {
        let mut accounts = MockAccounts::new();
        accounts.expect_authenticate().once().returning(|_| Err(AuthenticateError::Unauthenticated));
        let refused = summary(&ask(accounts, MockPractices::new(), route.request()).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"401 [www-authenticate: Bearer error="invalid_token"] {"error":"You need to sign in before continuing."}"#); }
        // A token in the query string is ignored.
        let request = TestRequest::default()
            .method(route.method.clone())
            .uri(&format!("{}?access_token=48a4034027374be582b936f7d58043af", route.path));
        let refused = summary(&ask(MockAccounts::new(), MockPractices::new(), request).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"401 [www-authenticate: Bearer] {"error":"You need to sign in before continuing."}"#); }
    }
}

#[actix_web::test]
async fn a_storage_error_while_the_bearer_token_is_checked_is_answered_503() {
    for route in ROUTES.iter().filter(|route| route.needs_token()) {
        let mut accounts = MockAccounts::new();
        accounts.expect_authenticate().once().returning(|_| Err(AuthenticateError::Storage(unavailable())));
        let refused = summary(&ask(accounts, MockPractices::new(), route.request()).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"503 [retry-after: 5] {"error":"The service is temporarily unavailable. Please try again."}"#); }
    }
}

#[actix_web::test]
async fn a_storage_error_after_the_bearer_token_was_checked_is_answered_500() {
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
        let refused = summary(&ask(accounts, practices, route.request()).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"500 {"error":"Something went wrong on our side."}"#); }
    }
}

#[actix_web::test]
async fn a_panicking_handler_is_answered_500() {
    for route in ROUTES.iter().filter(|route| route.needs_token()) {
        let mut accounts = MockAccounts::new();
        accounts.expect_authenticate().returning(|_| panic!("a bug"));
        let refused = summary(&ask(accounts, MockPractices::new(), route.request()).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"500 {"error":"Something went wrong on our side."}"#); }
    }
}
