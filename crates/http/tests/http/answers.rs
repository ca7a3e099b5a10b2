//! What each route asks of its use case, and answers when all went well.

use std::net::IpAddr;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::MockAccounts;
use asteroid_application::ports::{
    ChangePassword, CodeVersion, ForgotPassword, Register, ResetPassword, SendCodes, SignIn, VerifyCode,
};
use asteroid_identity::{
    ContactSource, ContactType, PersonName, Profile, Session, User, UserContact, UserStatus,
};
use asteroid_kernel::{Contact, ContactId, Origin, Region, UserId};
use asteroid_verification::CodeFormat;
use mockall::predicate::{always, eq};

use crate::harness::{
    Answer, ask, caller, json, session, signed_in, signed_in_accounts, signed_in_user, time, with_token,
};

fn contact(text: &str) -> Contact {
    Contact::parse(text, Region::US).expect("a contact")
}

/// The origin of each request in here.
fn is_origin(origin: &Origin) -> bool {
    *origin
        == Origin {
            ip: Some(IpAddr::from([203, 0, 113, 9])),
            user_agent: Some("Mozilla/5.0".into()),
            request_id: Some("r-1".into()),
        }
}

async fn answer(accounts: MockAccounts, request: TestRequest) -> Answer {
    let request = request.insert_header(("user-agent", "Mozilla/5.0")).insert_header(("x-request-id", "r-1"));
    ask(accounts, request).await
}

async fn answer_to(accounts: MockAccounts, method: Method, path: &str, body: &str) -> String {
    answer(accounts, json(&method, path, body)).await.to_string()
}

#[actix_web::test]
async fn register() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &Register| {
        request.name == PersonName::new("george", "washington").expect("a name")
            && request.contact == contact("+15556654345")
            && request.contact_type == ContactType::Personal
            && request.password.expose() == "IWasTheFirstPrez1776"
            && is_origin(&request.origin)
    };
    accounts.expect_register().once().withf(asked).returning(|_| Ok(()));
    // As the API's description has it, down to the comma.
    let body = r#"{
  "first_name": "george",
  "last_name": "washington",
  "phone": "555-665-4345",
  "type": "personal",
  "password": "IWasTheFirstPrez1776",
  "password_confirmation": "IWasTheFirstPrez1776",
}"#;
    insta::assert_snapshot!(answer_to(accounts, Method::POST, "/v1/auth/register", body).await, @r"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {}
    ");
}

#[actix_web::test]
async fn register_with_an_address_a_null_and_a_name_to_trim() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &Register| {
        request.name == PersonName::new("Zoë", "O’Neil").expect("a name")
            && request.contact == contact("zoe@example.com")
            && request.contact_type == ContactType::Work
            && request.password.expose() == " 5VphcVNdGhJi "
    };
    accounts.expect_register().once().withf(asked).returning(|_| Ok(()));
    let body = r#"{"first_name": " Zoe\u0308 ", "last_name": "O’Neil", "phone": null, "email": " zoe@example.com",
        "type": "work", "password": " 5VphcVNdGhJi ", "password_confirmation": " 5VphcVNdGhJi ", "admin": true,
        "admin": false}"#;
    assert_eq!(answer(accounts, json(&Method::POST, "/v1/auth/register", body)).await.status, 200);
}

#[actix_web::test]
async fn login() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &SignIn| {
        request.contact == contact("george.washington@example.com")
            && request.password.expose() == "5VphcVNdGhJi"
            && is_origin(&request.origin)
    };
    accounts.expect_sign_in().once().withf(asked).returning(|_| Ok(signed_in_user()));
    let body = r#"{"contact": "george.washington@example.com", "password": "5VphcVNdGhJi"}"#;
    insta::assert_snapshot!(answer_to(accounts, Method::POST, "/v1/auth/login", body).await, @r#"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {"data":{"access_token":"48a4034027374be582b936f7d58043af","expires":"2016-05-03T11:15:54.950Z"}}
    "#);
}

fn profile() -> Profile {
    let user = User {
        id: UserId(1),
        name: PersonName::new("George", "Washington").expect("a name"),
        status: UserStatus::Enabled,
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
async fn me() {
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
async fn me_of_a_user_without_contacts_who_never_signed_in() {
    let mut accounts = signed_in_accounts();
    let bare = Profile { user: User { last_login: None, ..profile().user }, contacts: Vec::new() };
    accounts.expect_profile().once().return_once(|_| Ok(Some(bare)));
    let answer = answer(accounts, with_token(TestRequest::get().uri("/v1/auth/me"))).await;
    insta::assert_snapshot!(answer.body, @r#"{"id":1,"first_name":"George","last_name":"Washington","last_login":null,"phones":{"data":[]},"emails":{"data":[]}}"#);
}

#[actix_web::test]
async fn change_password() {
    let mut accounts = signed_in_accounts();
    let asked = |request: &ChangePassword| {
        request.caller == caller()
            && request.existing.expose() == "oldpassword"
            && request.new.expose() == "newpassword"
            && is_origin(&request.origin)
    };
    accounts.expect_change_password().once().withf(asked).returning(|_| Ok(()));
    let body = r#"{"existing_password": "oldpassword", "new_password": "newpassword",
        "new_password_confirmation": "newpassword"}"#;
    let answer = answer(accounts, with_token(json(&Method::PUT, "/v1/auth/password/change", body))).await;
    insta::assert_snapshot!(answer, @r"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {}
    ");
}

#[actix_web::test]
async fn forgot_password() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &ForgotPassword| {
        request.contact == contact("george.washington@gmail.com") && is_origin(&request.origin)
    };
    accounts.expect_forgot_password().once().withf(asked).returning(|_| Ok(()));
    let body = r#"{"contact": "george.washington@gmail.com"}"#;
    insta::assert_snapshot!(answer_to(accounts, Method::POST, "/v1/auth/password/forgot", body).await, @r"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {}
    ");
}

#[actix_web::test]
async fn reset_password() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &ResetPassword| {
        request.contact == contact("george.washington@gmail.com")
            && request.guess.is_well_formed(CodeFormat::Crockford { length: 5 })
            && request.new.expose() == "5VphcVNdGhJi"
            && is_origin(&request.origin)
    };
    accounts.expect_reset_password().once().withf(asked).returning(|_| Ok(()));
    let body = r#"{"contact": "george.washington@gmail.com", "code": "12345", "password": "5VphcVNdGhJi",
        "password_confirmation": "5VphcVNdGhJi"}"#;
    insta::assert_snapshot!(answer_to(accounts, Method::PUT, "/v1/auth/password/reset", body).await, @r"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {}
    ");
}

#[actix_web::test]
async fn send_codes() {
    for (path, version) in [("/v1", CodeVersion::V1), ("/v2", CodeVersion::V2)] {
        let path = format!("{path}/auth/verification_codes/send");
        let mut accounts = MockAccounts::new();
        let asked = move |request: &SendCodes| {
            request.contacts == [contact("george.washington@example.com"), contact("555-555-5555")]
                && request.version == version
                && is_origin(&request.origin)
        };
        accounts.expect_send_codes().once().withf(asked).returning(|_| Ok(()));
        let body = r#"{"email": "george.washington@example.com", "phone": "555-555-5555"}"#;
        let answer = answer_to(accounts, Method::POST, &path, body).await;
        insta::allow_duplicates! { insta::assert_snapshot!(answer, @r"
        204 No Content
        cache-control: no-store
        x-request-id: r-1
        "); }
    }
}

#[actix_web::test]
async fn send_codes_to_one_contact() {
    for (body, expected) in [
        (r#"{"email": "g@example.com"}"#, "g@example.com"),
        (r#"{"email": null, "phone": "5555555555"}"#, "555-555-5555"),
    ] {
        let mut accounts = MockAccounts::new();
        let asked = move |request: &SendCodes| request.contacts == [contact(expected)];
        accounts.expect_send_codes().once().withf(asked).returning(|_| Ok(()));
        let request = json(&Method::POST, "/v1/auth/verification_codes/send", body);
        assert_eq!(answer(accounts, request).await.status, 204);
    }
}

#[actix_web::test]
async fn verify_code() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &VerifyCode| {
        request.contact == contact("george.washington@gmail.com")
            && request.guess.is_well_formed(CodeFormat::Crockford { length: 5 })
            && is_origin(&request.origin)
    };
    accounts.expect_verify_code().once().withf(asked).returning(|_| Ok(signed_in()));
    let body = r#"{"contact": "george.washington@gmail.com", "code": "12345"}"#;
    insta::assert_snapshot!(
        answer_to(accounts, Method::POST, "/v1/auth/verification_codes/verify", body).await, @r#"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {"data":{"access_token":"48a4034027374be582b936f7d58043af","expires":"2016-05-03T11:15:54.950Z"}}
    "#
    );
}

#[actix_web::test]
async fn any_text_of_up_to_64_characters_is_handed_on_as_a_code() {
    for code in ["x", "🦀", "not a code at all", &"9".repeat(64)] {
        let mut accounts = MockAccounts::new();
        accounts.expect_verify_code().once().returning(|_| Ok(signed_in()));
        let body = format!(r#"{{"contact": "g@example.com", "code": "{code}"}}"#);
        let request = json(&Method::POST, "/v1/auth/verification_codes/verify", body);
        assert_eq!(answer(accounts, request).await.status, 200, "{code}");
    }
}

#[actix_web::test]
async fn logout() {
    let mut accounts = signed_in_accounts();
    let asked = |who: &_, origin: &Origin| *who == caller() && is_origin(origin);
    accounts.expect_sign_out().once().withf(asked).returning(|_, _| Ok(()));
    let answer = answer(accounts, with_token(TestRequest::post().uri("/v1/auth/logout"))).await;
    insta::assert_snapshot!(answer, @r"
    204 No Content
    cache-control: no-store
    x-request-id: r-1
    ");
}

#[actix_web::test]
async fn list_sessions() {
    let mut accounts = signed_in_accounts();
    let own = Session {
        id: caller().session,
        user: UserId(1),
        token: None,
        created_at: time("2016-05-02T11:15:54.950Z"),
        expires_at: time("2016-05-03T11:15:54.950Z"),
        last_used_at: time("2016-05-02T12:00:00Z"),
        origin: Origin {
            ip: Some(IpAddr::from([203, 0, 113, 9])),
            user_agent: Some("Mozilla/5.0".into()),
            request_id: Some("r-0".into()),
        },
    };
    let other = Session {
        id: session("01540000-0000-7000-8000-000000000002"),
        created_at: time("2016-05-01T00:00:00Z"),
        last_used_at: time("2016-05-01T00:00:00.001Z"),
        origin: Origin::local(),
        ..own.clone()
    };
    accounts.expect_list_sessions().once().with(eq(caller())).return_once(|_| Ok(vec![own, other]));
    let answer = answer(accounts, with_token(TestRequest::get().uri("/v1/auth/sessions"))).await;
    insta::assert_snapshot!(answer, @r#"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {"data":[{"id":"01540000-0000-7000-8000-000000000001","created":"2016-05-02T11:15:54.950Z","last_used":"2016-05-02T12:00:00.000Z","user_agent":"Mozilla/5.0","ip":"203.0.113.9","current":true},{"id":"01540000-0000-7000-8000-000000000002","created":"2016-05-01T00:00:00.000Z","last_used":"2016-05-01T00:00:00.001Z","user_agent":null,"ip":null,"current":false}]}
    "#);
}

#[actix_web::test]
async fn end_session() {
    let mut accounts = signed_in_accounts();
    let other = session("01540000-0000-7000-8000-000000000002");
    accounts
        .expect_revoke_session()
        .once()
        .with(eq(caller()), eq(other), always())
        .returning(|_, _, _| Ok(true));
    let path = format!("/v1/auth/sessions/{other}");
    let answer = answer(accounts, with_token(TestRequest::delete().uri(&path))).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
}

#[actix_web::test]
async fn end_a_session_that_is_not_the_callers() {
    let mut accounts = signed_in_accounts();
    accounts.expect_revoke_session().once().returning(|_, _, _| Ok(false));
    let path = "/v1/auth/sessions/01540000-0000-7000-8000-000000000002";
    let answer = answer(accounts, with_token(TestRequest::delete().uri(path))).await;
    insta::assert_snapshot!(answer, @r#"
    404 Not Found
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {"error":{"code":"NOT_FOUND","message":"There is nothing here, or nothing that you may see."}}
    "#);
}

#[actix_web::test]
async fn end_a_session_whose_id_is_none() {
    for id in ["1", "me", "01540000-0000-7000-8000-00000000000", "%00"] {
        let request = TestRequest::delete().uri(&format!("/v1/auth/sessions/{id}"));
        let answer = answer(signed_in_accounts(), with_token(request)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "NOT_FOUND"), "{id}");
    }
}

#[actix_web::test]
async fn end_other_sessions() {
    let mut accounts = signed_in_accounts();
    let asked = |who: &_, origin: &Origin| *who == caller() && is_origin(origin);
    accounts.expect_revoke_other_sessions().once().withf(asked).returning(|_, _| Ok(()));
    let answer = answer(accounts, with_token(TestRequest::delete().uri("/v1/auth/sessions"))).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
}
