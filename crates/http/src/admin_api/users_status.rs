//! `POST /admin/v1/users/{id}/disable`, `…/enable`, `…/unlock`, `…/require-reset`

use actix_web::HttpResponse;
use asteroid_application::administration::{Administration, EndedSessions, StatusChange, UnlockedUser};
use asteroid_identity::UserStatus;
use serde::Serialize;
use utoipa::ToSchema;

use super::AdminApi;
use super::authorization::{Authorized, UsersWrite};
use super::segments::{UserSegment, found};
use crate::admin::error::AdminResult;
use crate::core::{Endpoint, HttpContext, json};

pub(super) fn disable_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_disable_user, disable_user::<D>)
}

pub(super) fn enable_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_enable_user, enable_user::<D>)
}

pub(super) fn unlock_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_unlock_user, unlock_user::<D>)
}

pub(super) fn require_reset_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_require_reset, require_reset::<D>)
}

/// A user who was enabled or disabled.
#[derive(Serialize, ToSchema)]
struct StatusReply {
    /// The id of the user.
    #[schema(example = 25)]
    id: i64,
    /// `enabled` or `disabled`.
    #[schema(example = "disabled")]
    status: &'static str,
    /// Whether the user had another status before.
    changed: bool,
    /// How many sessions ended.
    ended_sessions: u64,
}

/// A user who was unlocked.
#[derive(Serialize, ToSchema)]
struct UnlockedReply {
    /// The id of the user.
    #[schema(example = 25)]
    id: i64,
    /// How many failed attempts were forgotten.
    forgotten_attempts: usize,
}

/// A user whose sessions ended.
#[derive(Serialize, ToSchema)]
pub(super) struct EndedSessionsReply {
    /// The id of the user.
    #[schema(example = 25)]
    id: i64,
    /// How many sessions ended.
    ended_sessions: u64,
}

impl From<EndedSessions> for EndedSessionsReply {
    fn from(EndedSessions { user, count }: EndedSessions) -> Self {
        Self { id: user.0, ended_sessions: count }
    }
}

/// Disable User
///
/// Lets the user no longer sign in, and ends the sessions of every kind at once, on all servers.
#[utoipa::path(
    post, path = "/admin/v1/users/{id}/disable", tag = "Users",
    params(("id" = i64, Path, description = "The id of the user")),
    responses((status = 200, description = "The user is disabled", body = StatusReply))
)]
async fn disable_user<D: Administration>(
    context: HttpContext<AdminApi<D>>,
    (caller, user): (Authorized<UsersWrite>, UserSegment),
) -> AdminResult {
    set_status(context, caller, user, UserStatus::Disabled).await
}

/// Enable User
///
/// Lets the user sign in again. Ended sessions stay ended.
#[utoipa::path(
    post, path = "/admin/v1/users/{id}/enable", tag = "Users",
    params(("id" = i64, Path, description = "The id of the user")),
    responses((status = 200, description = "The user is enabled", body = StatusReply))
)]
async fn enable_user<D: Administration>(
    context: HttpContext<AdminApi<D>>,
    (caller, user): (Authorized<UsersWrite>, UserSegment),
) -> AdminResult {
    set_status(context, caller, user, UserStatus::Enabled).await
}

async fn set_status<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    caller: Authorized<UsersWrite>,
    UserSegment(user): UserSegment,
    status: UserStatus,
) -> AdminResult {
    let operator = caller.operator(&context);
    let change = context.call(|api| api.administration.set_status(user.into(), status, operator)).await;
    let StatusChange { user, changed, ended_sessions } = found(change)?;
    let reply = StatusReply { id: user.0, status: status.as_str(), changed, ended_sessions };
    Ok(json(HttpResponse::Ok(), &reply))
}

/// Unlock User
///
/// Forgets the failed attempts of the user, and with them every lock. The limits of networks stay.
#[utoipa::path(
    post, path = "/admin/v1/users/{id}/unlock", tag = "Users",
    params(("id" = i64, Path, description = "The id of the user")),
    responses((status = 200, description = "The user is unlocked", body = UnlockedReply))
)]
async fn unlock_user<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (caller, UserSegment(user)): (Authorized<UsersWrite>, UserSegment),
) -> AdminResult {
    let operator = caller.operator(&context);
    let unlocked = context.call(|api| api.administration.unlock_user(user.into(), operator)).await;
    let UnlockedUser { user, forgotten } = found(unlocked)?;
    let forgotten_attempts = forgotten.iter().map(|attempts| attempts.count).sum();
    Ok(json(HttpResponse::Ok(), &UnlockedReply { id: user.0, forgotten_attempts }))
}

/// Require Reset
///
/// Removes the user's password for good, and ends all sessions: the user resets the password by a code, or signs in by one.
#[utoipa::path(
    post, path = "/admin/v1/users/{id}/require-reset", tag = "Users",
    params(("id" = i64, Path, description = "The id of the user")),
    responses((status = 200, description = "The password is removed", body = EndedSessionsReply))
)]
async fn require_reset<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (caller, UserSegment(user)): (Authorized<UsersWrite>, UserSegment),
) -> AdminResult {
    let operator = caller.operator(&context);
    let ended = found(context.call(|api| api.administration.require_reset(user.into(), operator)).await)?;
    Ok(json(HttpResponse::Ok(), &EndedSessionsReply::from(ended)))
}
