//! `POST /v1/auth/logout`

use actix_web::test::TestRequest;
use asteroid_kernel::Origin;

use crate::harness::{caller, signed_in_accounts, with_token};
use crate::v1::auth::{answer, is_origin};

#[actix_web::test]
async fn logout_ends_the_session_of_the_token() {
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
