//! `DELETE /users/sign_out`

use actix_web::HttpResponse;
use asteroid_application::ports::Caller;

use super::error::PracticeApiResult;
use super::{AccountUseCases, PracticeContext, PracticeUseCases};
use crate::core::Endpoint;

pub(super) fn endpoint<A: AccountUseCases, P: PracticeUseCases>() -> Endpoint {
    Endpoint::new(__path_sign_out, sign_out::<A, P>)
}

/// Logout
///
/// Ends the session of the token.
#[utoipa::path(
    delete, path = "/users/sign_out", tag = "Users",
    responses((status = 204, description = "The session is over"))
)]
async fn sign_out<A: AccountUseCases, P: PracticeUseCases>(
    mut context: PracticeContext<A, P>,
    caller: Caller,
) -> PracticeApiResult {
    let origin = context.origin();
    context.call(|ports| ports.accounts.sign_out(caller, origin)).await??;
    Ok(HttpResponse::NoContent().finish())
}
