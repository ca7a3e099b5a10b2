//! `GET /v1/auth/sessions`, `DELETE /v1/auth/sessions`, `DELETE /v1/auth/sessions/{id}`

use asteroid_application::ports::{Caller, Sessions};
use asteroid_identity::Session;
use asteroid_kernel::SessionId;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{AuthError, AuthResult, AuthSurface};
use super::reply;
use crate::core::openapi::{Description, SharedResponse};
use crate::core::{ApiError, Endpoint, HttpContext, Input, OperationError};

pub(super) fn list_endpoint<A: Sessions>() -> Endpoint {
    Endpoint::new(__path_list_sessions, list_sessions::<A>)
}

pub(super) fn end_endpoint<A: Sessions>() -> Endpoint {
    Endpoint::new(__path_end_session, end_session::<A>)
}

pub(super) fn end_others_endpoint<A: Sessions>() -> Endpoint {
    Endpoint::new(__path_end_other_sessions, end_other_sessions::<A>)
}

/// Sessions
///
/// The live sessions of the user, the newest first.
#[utoipa::path(
    get, path = "/v1/auth/sessions", tag = "Sessions",
    responses((status = 200, description = "The sessions", body = SessionsReply))
)]
async fn list_sessions<A: Sessions>(mut context: HttpContext<A>, caller: Caller) -> AuthResult {
    let sessions = context.call(|accounts| accounts.list_sessions(caller)).await??;
    Ok(reply::ok(&SessionsReply::new(sessions, caller)))
}

/// The sessions of the caller, the newest first.
#[derive(Serialize, ToSchema)]
struct SessionsReply {
    data: Vec<SessionItem>,
}

/// A session.
#[derive(Serialize, ToSchema)]
struct SessionItem {
    /// The id of the entity.
    #[schema(format = Uuid, example = "01540000-0000-7000-8000-000000000000")]
    id: String,
    /// When the user signed in.
    #[schema(format = DateTime, example = "2016-05-02T11:15:54.950Z")]
    created: String,
    /// When the session was last used, to the minute.
    #[schema(format = DateTime, example = "2016-05-02T12:21:25.858Z")]
    last_used: String,
    /// What the client called itself at sign-in.
    #[schema(required = true, example = "Mozilla/5.0")]
    user_agent: Option<String>,
    /// The address from which the user signed in.
    #[schema(required = true, example = "198.51.100.7")]
    ip: Option<String>,
    /// Whether it is the session of the caller.
    current: bool,
}

impl SessionsReply {
    fn new(sessions: Vec<Session>, caller: Caller) -> Self {
        let item = |session: Session| SessionItem {
            id: session.id.to_string(),
            created: session.created_at.to_string(),
            last_used: session.last_used_at.to_string(),
            user_agent: session.origin.user_agent,
            ip: session.origin.ip.map(|ip| ip.to_string()),
            current: session.id == caller.session,
        };
        Self { data: sessions.into_iter().map(item).collect() }
    }
}

/// End Session
///
/// Ends one of the user's sessions.
#[utoipa::path(
    delete, path = "/v1/auth/sessions/{id}", tag = "Sessions",
    params(("id" = String, Path, description = "The id of the session", format = Uuid)),
    responses((status = 204, description = "The session is over"))
)]
async fn end_session<A: Sessions>(
    mut context: HttpContext<A>,
    (caller, SessionSegment(session)): (Caller, SessionSegment),
) -> AuthResult<EndSessionError> {
    let origin = context.origin();
    let was_there = context.call(|accounts| accounts.revoke_session(caller, session, origin)).await??;
    if was_there { Ok(reply::no_content()) } else { Err(EndSessionError::NotFound.into()) }
}

/// The session in the path. What is not an id is not found.
struct SessionSegment(SessionId);

impl<A: 'static> Input<AuthSurface, A> for SessionSegment {
    async fn extract(context: &mut HttpContext<A>) -> Result<Self, AuthError> {
        let session = context.segment("id").parse().map_err(|_| ApiError::NotFound)?;
        Ok(Self(session))
    }

    fn describe(description: &mut Description<'_, AuthSurface>) {
        description.may_answer(SharedResponse::NotFound);
    }
}

enum EndSessionError {
    /// The caller has no such session.
    NotFound,
}

impl OperationError for EndSessionError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::NotFound];
}

impl From<EndSessionError> for AuthError {
    fn from(error: EndSessionError) -> Self {
        match error {
            EndSessionError::NotFound => ApiError::NotFound.into(),
        }
    }
}

/// End Other Sessions
///
/// Ends all of the user's sessions but the one of the token.
#[utoipa::path(
    delete, path = "/v1/auth/sessions", tag = "Sessions",
    responses((status = 204, description = "The other sessions are over"))
)]
async fn end_other_sessions<A: Sessions>(mut context: HttpContext<A>, caller: Caller) -> AuthResult {
    let origin = context.origin();
    context.call(|accounts| accounts.revoke_other_sessions(caller, origin)).await??;
    Ok(reply::no_content())
}
