//! `GET /users/current`

use actix_web::test::TestRequest;
use asteroid_application::mocks::MockPractices;
use asteroid_clients::GoogleApiKey;
use asteroid_identity::{PersonName, User};
use serde_json::json;

use crate::harness::errors::summary;
use crate::harness::practice_api::{ask, bare_profile, profile, route_at};
use crate::harness::{signed_in_accounts, willing_accounts, with_token};
use crate::practice_api::{answer, assert_is_example, practices_of};

#[actix_web::test]
async fn current_user_answers_the_documented_example() {
    let request = with_token(TestRequest::get().uri("/users/current"));
    let answer = answer(signed_in_accounts(), practices_of(profile()), request).await;
    assert_is_example(&answer, include_str!("../seeds/current_user.json"));
}

#[actix_web::test]
async fn current_user_without_a_practice_or_an_email_has_nulls() {
    let mut bare = bare_profile();
    bare.profile.contacts.clear();
    bare.profile.user =
        User { name: PersonName::new("Zoë", "O’Neil").expect("a name"), ..bare.profile.user };
    let request = with_token(TestRequest::get().uri("/users/current"));
    let answer = answer(signed_in_accounts(), practices_of(bare), request).await;
    insta::assert_snapshot!(answer.body, @r#"{"signInPath":null,"id":25,"name":"Zoë O’Neil","email":null,"googleApiKey":null,"clientId":null,"primaryRole":null,"roles":[],"practiceId":null,"practiceName":null,"practicePms":null,"practiceSms":null,"practiceFeatures":[],"sourceId":null,"timeZone":null,"enterpriseIds":[]}"#);
}

#[actix_web::test]
async fn current_user_with_every_optional_field() {
    let mut full = profile();
    let (membership, practice) = full.membership.as_mut().expect("a membership");
    membership.google_api_key = Some(GoogleApiKey::new("key"));
    membership.source.0 = 2;
    practice.sms = Some("twilio".into());
    practice.features.clear();
    let request = with_token(TestRequest::get().uri("/users/current"));
    let answer = answer(signed_in_accounts(), practices_of(full), request).await.json();
    let answered = ["googleApiKey", "sourceId", "practiceSms", "practiceFeatures"].map(|key| &answer[key]);
    assert_eq!(answered, [&json!("key"), &json!(2), &json!("twilio"), &json!([])]);
}

#[actix_web::test]
async fn a_deleted_user_is_answered_401() {
    for route in ["/users", "/users/current"].map(route_at) {
        let mut practices = MockPractices::new();
        practices.expect_practice_profile().once().returning(|_, _| Ok(None));
        let refused = summary(&ask(willing_accounts(), practices, route.request()).await);
        insta::allow_duplicates! { insta::assert_snapshot!(refused, @r#"401 [www-authenticate: Bearer error="invalid_token"] {"error":"You need to sign in before continuing."}"#); }
    }
}
