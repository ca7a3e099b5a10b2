//! `GET /v1/auth/me`

use actix_web::test::TestRequest;
use asteroid_identity::{ContactSource, ContactType, PersonName, Profile, User, UserContact, UserStatus};
use asteroid_kernel::{ContactId, UserId};
use mockall::predicate::eq;

use crate::harness::errors::summary;
use crate::harness::{ask, caller, signed_in_accounts, time, with_token};
use crate::v1::auth::{answer, contact};

fn profile() -> Profile {
    let user = User {
        id: UserId(1),
        name: PersonName::new("George", "Washington").expect("a name"),
        status: UserStatus::Enabled,
        administrator: false,
        password_hash: None,
        last_login: Some(time("2016-05-03T12:21:25.858Z")),
        created_at: time("2016-01-01T00:00:00Z"),
    };
    let owned = |id, text, contact_type, primary| UserContact {
        id: ContactId(id),
        contact: contact(text),
        contact_type,
        primary,
        source: ContactSource::Verified,
        verified_at: time("2016-01-01T00:00:00Z"),
    };
    let contacts = vec![
        owned(1, "555-643-9875", ContactType::Work, true),
        owned(2, "george.washington@example.com", ContactType::Work, true),
        owned(3, "+49 30 123456", ContactType::Personal, false),
    ];
    Profile { user, contacts }
}

#[actix_web::test]
async fn me_answers_the_profile_with_phones_and_emails() {
    let mut accounts = signed_in_accounts();
    accounts.expect_profile().once().with(eq(caller())).returning(|_| Ok(Some(profile())));
    let answer = answer(accounts, with_token(TestRequest::get().uri("/v1/auth/me"))).await;
    insta::assert_snapshot!(answer, @r#"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {"id":1,"first_name":"George","last_name":"Washington","last_login":"2016-05-03T12:21:25.858Z","phones":{"data":[{"id":1,"phone":"5556439875","phone_type":"work","primary":true},{"id":3,"phone":"+4930123456","phone_type":"personal","primary":false}]},"emails":{"data":[{"id":2,"email":"george.washington@example.com","email_type":"work","primary":true}]}}
    "#);
}

#[actix_web::test]
async fn me_of_a_user_without_contacts_or_a_login_answers_empty_lists_and_null() {
    let mut accounts = signed_in_accounts();
    let bare = Profile { user: User { last_login: None, ..profile().user }, contacts: Vec::new() };
    accounts.expect_profile().once().return_once(|_| Ok(Some(bare)));
    let answer = answer(accounts, with_token(TestRequest::get().uri("/v1/auth/me"))).await;
    insta::assert_snapshot!(answer.body, @r#"{"id":1,"first_name":"George","last_name":"Washington","last_login":null,"phones":{"data":[]},"emails":{"data":[]}}"#);
}

#[actix_web::test]
async fn me_of_a_deleted_user_is_answered_401() {
    let mut accounts = signed_in_accounts();
    accounts.expect_profile().once().returning(|_| Ok(None));
    let refused = ask(accounts, with_token(TestRequest::get().uri("/v1/auth/me"))).await;
    insta::assert_snapshot!(summary(&refused), @r#"401 [www-authenticate: Bearer error="invalid_token"] {"data":{"code":"UNAUTHENTICATED","error":"A valid access token is required","more":{}}}"#);
}
