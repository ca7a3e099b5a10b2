//! `POST /v1/auth/logout`

use asteroid_application::ports::{Caller, Sessions};

use super::error::AuthResult;
use super::reply;
use crate::core::{Endpoint, HttpContext};

pub(super) fn endpoint<A: Sessions>() -> Endpoint {
    Endpoint::new(__path_logout, logout::<A>)
}

/// Logout
///
/// Ends the session of the token.
#[utoipa::path(
    post, path = "/v1/auth/logout", tag = "Sessions",
    responses((status = 204, description = "The session is over"))
)]
async fn logout<A: Sessions>(mut context: HttpContext<A>, caller: Caller) -> AuthResult {
    let origin = context.origin();
    context.call(|accounts| accounts.sign_out(caller, origin)).await??;
    Ok(reply::no_content())
}
