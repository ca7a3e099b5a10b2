//! `DELETE /users/sign_out`

use actix_web::test::TestRequest;
use asteroid_application::mocks::MockPractices;
use asteroid_kernel::Origin;

use crate::harness::{caller, signed_in_accounts, with_token};
use crate::practice_api::{answer, is_origin};

#[actix_web::test]
async fn sign_out_ends_the_session_of_the_token() {
    let mut accounts = signed_in_accounts();
    let asked = |who: &_, origin: &Origin| *who == caller() && is_origin(origin);
    accounts.expect_sign_out().once().withf(asked).returning(|_, _| Ok(()));
    let request = with_token(TestRequest::delete().uri("/users/sign_out"));
    insta::assert_snapshot!(answer(accounts, MockPractices::new(), request).await, @r"
    204 No Content
    cache-control: no-store
    x-request-id: r-1
    ");
}
