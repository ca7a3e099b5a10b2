//! Where a token counts, and where it does not.

use actix_web::test::TestRequest;
use asteroid_application::mocks::MockAccounts;

use crate::harness::{BODIES, BODILESS, TOKEN, ask, json, signed_in_accounts};

/// A request of every route that needs a token, without one.
fn requests() -> Vec<TestRequest> {
    let bodiless = BODILESS.into_iter().map(|(method, path)| TestRequest::default().method(method).uri(path));
    let with_body = BODIES.iter().filter(|route| route.needs_token);
    // Not even a body that is no JSON is looked at.
    bodiless.chain(with_body.map(|route| json(&route.method, route.path, "{"))).collect()
}

#[actix_web::test]
async fn without_a_usable_token_no_use_case_is_asked() {
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
async fn two_authorization_fields_are_none() {
    let field = ("authorization", format!("Bearer {TOKEN}"));
    for request in requests() {
        let request = request.append_header(field.clone()).append_header(field.clone());
        let answer = ask(MockAccounts::new(), request).await;
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
}

#[actix_web::test]
async fn a_token_in_the_query_a_cookie_or_the_body_is_not_seen() {
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
async fn the_scheme_is_read_in_any_case() {
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let mut accounts = signed_in_accounts();
        accounts.expect_sign_out().once().returning(|_, _| Ok(()));
        let request = TestRequest::post().uri("/v1/auth/logout");
        let answer =
            ask(accounts, request.insert_header(("authorization", format!("{scheme} {TOKEN}")))).await;
        assert_eq!(answer.status, 204);
    }
}
