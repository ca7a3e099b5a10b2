//! `POST /users/sign_in`

use actix_web::http::Method;
use asteroid_application::accounts::{SignIn, SignInError, TokenForm};
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_identity::{HashingError, SigningError};
use asteroid_kernel::{Contact, Region};

use crate::harness::errors::{WAIT, busy, failed, unavailable};
use crate::harness::practice_api::{SIGN_IN, answers_to_account_errors, seed};
use crate::harness::{TOKEN, json as json_request, signed_in_user};
use crate::practice_api::{answer, assert_is_example, is_origin};

#[actix_web::test]
async fn sign_in_answers_the_documented_example() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &SignIn| {
        request.contact == Contact::parse("jeremy@test.com", Region::US).expect("a contact")
            && request.password.expose() == "5VphcVNdGhJi"
            && request.token == TokenForm::Signed
            && is_origin(&request.origin)
    };
    accounts.expect_sign_in().once().withf(asked).returning(|_| Ok(signed_in_user()));
    let request = json_request(&Method::POST, "/users/sign_in", SIGN_IN);
    let answer = answer(accounts, MockPractices::new(), request).await;
    let token = seed("sign_in")["token"].as_str().expect("a token").to_owned();
    assert_is_example(&answer, &include_str!("../seeds/sign_in.json").replace(&token, TOKEN));
}

#[actix_web::test]
async fn sign_in_errors_are_answered_by_name_with_rate_limit_fields() {
    let table = answers_to_account_errors!(
        "/users/sign_in",
        expect_sign_in,
        [
            SignInError::InvalidCredentials,
            SignInError::TooManyAttempts { retry_after: WAIT },
            SignInError::Busy { retry_after: WAIT },
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
    503 [retry-after: 60] {"error":"The service is temporarily unavailable. Please try again."}
    500 {"error":"Something went wrong on our side."}
    503 [retry-after: 1] {"error":"The service is temporarily unavailable. Please try again."}
    503 [retry-after: 5] {"error":"The service is temporarily unavailable. Please try again."}
    500 {"error":"Something went wrong on our side."}
    500 {"error":"Something went wrong on our side."}
    "#);
}
