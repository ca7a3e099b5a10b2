//! `/v1/auth/sessions`

use std::net::IpAddr;

use actix_web::test::TestRequest;
use asteroid_identity::Session;
use asteroid_kernel::{Origin, UserId};
use mockall::predicate::{always, eq};

use crate::harness::{caller, session, signed_in_accounts, time, with_token};
use crate::v1::auth::{answer, is_origin};

#[actix_web::test]
async fn sessions_are_listed_and_the_current_one_is_marked() {
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
async fn a_session_can_be_revoked() {
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
async fn a_session_of_another_user_is_not_found() {
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
async fn a_malformed_session_id_is_not_found() {
    for id in ["1", "me", "01540000-0000-7000-8000-00000000000", "%00"] {
        let request = TestRequest::delete().uri(&format!("/v1/auth/sessions/{id}"));
        let answer = answer(signed_in_accounts(), with_token(request)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "NOT_FOUND"), "{id}");
    }
}

#[actix_web::test]
async fn all_other_sessions_can_be_revoked() {
    let mut accounts = signed_in_accounts();
    let asked = |who: &_, origin: &Origin| *who == caller() && is_origin(origin);
    accounts.expect_revoke_other_sessions().once().withf(asked).returning(|_, _| Ok(()));
    let answer = answer(accounts, with_token(TestRequest::delete().uri("/v1/auth/sessions"))).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
}
