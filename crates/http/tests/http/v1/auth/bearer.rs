//! Bearer tokens, on every route that needs one.

use actix_web::test::TestRequest;
use asteroid_application::accounts::AuthenticateError;
use asteroid_application::mocks::MockAccounts;

use crate::harness::errors::{failed, summary, unavailable};
use crate::harness::{BODIES, TOKEN, ask, json, signed_in_accounts, with_token};
use crate::openapi::bodiless_requests;

/// Every request that needs a token.
fn requests_with_bearer_token() -> impl Iterator<Item = TestRequest> {
    let bodiless = bodiless_requests()
        .into_iter()
        .map(|(method, path)| TestRequest::default().method(method).uri(&path));
    let with_body = BODIES.iter().filter(|route| route.needs_token).map(|route| route.request(route.body()));
    bodiless.map(with_token).chain(with_body)
}

#[actix_web::test]
async fn an_invalid_or_expired_bearer_token_is_answered_401_on_every_route() {
    for request in requests_with_bearer_token() {
        let mut accounts = MockAccounts::new();
        accounts.expect_authenticate().once().returning(|_| Err(AuthenticateError::Unauthenticated));
        let refused = summary(&ask(accounts, request).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"401 [www-authenticate: Bearer error="invalid_token"] {"data":{"code":"UNAUTHENTICATED","error":"A valid access token is required","more":{}}}"#); }
    }
}

#[actix_web::test]
async fn a_storage_error_while_the_bearer_token_is_checked_is_answered_503() {
    for request in requests_with_bearer_token() {
        let mut accounts = MockAccounts::new();
        accounts.expect_authenticate().once().returning(|_| Err(AuthenticateError::Storage(unavailable())));
        let refused = summary(&ask(accounts, request).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}"#); }
    }
}

#[actix_web::test]
async fn a_storage_error_after_the_bearer_token_was_checked_is_answered_500() {
    for (method, path) in bodiless_requests() {
        let mut accounts = signed_in_accounts();
        accounts.expect_profile().returning(|_| Err(failed()));
        accounts.expect_sign_out().returning(|_, _| Err(failed()));
        accounts.expect_list_sessions().returning(|_| Err(failed()));
        accounts.expect_revoke_session().returning(|_, _, _| Err(failed()));
        accounts.expect_revoke_other_sessions().returning(|_, _| Err(failed()));
        let request = with_token(TestRequest::default().method(method).uri(&path));
        let refused = summary(&ask(accounts, request).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}"#); }
    }
}

/// A request of every route that needs a token, without the token.
fn requests() -> Vec<TestRequest> {
    let bodiless = bodiless_requests()
        .into_iter()
        .map(|(method, path)| TestRequest::default().method(method).uri(&path));
    let with_body = BODIES.iter().filter(|route| route.needs_token);
    // The body is not read: it is not JSON.
    bodiless.chain(with_body.map(|route| json(&route.method, &route.path, "{"))).collect()
}

#[actix_web::test]
async fn without_a_well_formed_bearer_token_no_use_case_is_called() {
    let long = format!("Bearer {}", "a".repeat(4097));
    for (field, challenge) in [
        (None, "Bearer"),
        (Some(""), "Bearer"),
        (Some("Basic Z2VvcmdlOjVWcGhjVk5kR2hKaQ=="), "Bearer"),
        (Some(TOKEN), "Bearer"),
        (Some("Bearer "), "Bearer error=\"invalid_token\""),
        (Some("Bearer a b"), "Bearer error=\"invalid_token\""),
        (Some("Bearer \"a\""), "Bearer error=\"invalid_token\""),
        (Some(&long), "Bearer error=\"invalid_token\""),
    ] {
        for request in requests() {
            let request = match field {
                Some(field) => request.insert_header(("authorization", field)),
                None => request,
            };
            let answer = ask(MockAccounts::new(), request).await;
            assert_eq!(answer.status, 401, "{field:?}");
            assert_eq!(answer.header("www-authenticate"), Some(challenge), "{field:?}");
            insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"data":{"code":"UNAUTHENTICATED","error":"A valid access token is required","more":{}}}"#); }
        }
    }
}

#[actix_web::test]
async fn two_authorization_fields_are_refused() {
    let field = ("authorization", format!("Bearer {TOKEN}"));
    for request in requests() {
        let request = request.append_header(field.clone()).append_header(field.clone());
        let answer = ask(MockAccounts::new(), request).await;
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
}

#[actix_web::test]
async fn a_bearer_token_in_the_query_a_cookie_or_the_body_is_ignored() {
    let requests = [
        TestRequest::get().uri(&format!("/v1/auth/me?access_token={TOKEN}")),
        TestRequest::get().uri("/v1/auth/me").insert_header(("cookie", format!("access_token={TOKEN}"))),
        TestRequest::post().uri("/v1/auth/logout").set_payload(format!("access_token={TOKEN}")),
    ];
    for request in requests {
        let answer = ask(MockAccounts::new(), request).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}

#[actix_web::test]
async fn the_bearer_scheme_is_case_insensitive() {
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let mut accounts = signed_in_accounts();
        accounts.expect_sign_out().once().returning(|_, _| Ok(()));
        let request = TestRequest::post().uri("/v1/auth/logout");
        let answer =
            ask(accounts, request.insert_header(("authorization", format!("{scheme} {TOKEN}")))).await;
        assert_eq!(answer.status, 204);
    }
}
