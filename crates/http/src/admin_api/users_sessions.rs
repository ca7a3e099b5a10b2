//! `DELETE /admin/v1/users/{id}/sessions`, `DELETE /admin/v1/users/{id}/sessions/{session}`

use actix_web::HttpResponse;
use asteroid_application::administration::Administration;

use super::AdminApi;
use super::authorization::{Authorized, UsersWrite};
use super::segments::{SessionSegment, UserSegment, found};
use super::users_status::EndedSessionsReply;
use crate::admin::error::{AdminError, AdminResult};
use crate::core::{ApiError, Endpoint, HttpContext, json};

pub(super) fn end_all_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_end_sessions, end_sessions::<D>)
}

pub(super) fn end_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_end_session, end_session::<D>)
}

/// End Sessions
///
/// Ends all sessions of the user, of every kind and on all servers.
#[utoipa::path(
    delete, path = "/admin/v1/users/{id}/sessions", tag = "Users",
    params(("id" = i64, Path, description = "The id of the user")),
    responses((status = 200, description = "The sessions are over", body = EndedSessionsReply))
)]
async fn end_sessions<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (caller, UserSegment(user)): (Authorized<UsersWrite>, UserSegment),
) -> AdminResult {
    let operator = caller.operator(&context);
    let ended = context.call(|api| api.administration.end_sessions(user.into(), None, operator)).await;
    Ok(json(HttpResponse::Ok(), &EndedSessionsReply::from(found(ended)?)))
}

/// End Session
///
/// Ends one session of the user.
#[utoipa::path(
    delete, path = "/admin/v1/users/{id}/sessions/{session}", tag = "Users",
    params(
        ("id" = i64, Path, description = "The id of the user"),
        ("session" = String, Path, description = "The id of the session", format = Uuid),
    ),
    responses((status = 204, description = "The session is over"))
)]
async fn end_session<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (caller, UserSegment(user), SessionSegment(session)): (
        Authorized<UsersWrite>,
        UserSegment,
        SessionSegment,
    ),
) -> AdminResult {
    let operator = caller.operator(&context);
    let ended =
        context.call(|api| api.administration.end_sessions(user.into(), Some(session), operator)).await;
    if found(ended)?.count == 0 {
        return Err(AdminError::from(ApiError::NotFound).into());
    }
    Ok(HttpResponse::NoContent().finish())
}
