//! `GET /users/current`

use asteroid_application::ports::Caller;

use super::error::{ParamErrors, PracticeApiError, PracticeApiResult, ok};
use super::profile::ProfileReply;
use super::query::{PRACTICE_ID, PracticeQuery};
use super::{AccountUseCases, PracticeContext, PracticeUseCases};
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, OperationError};

pub(super) fn endpoint<A: AccountUseCases, P: PracticeUseCases>() -> Endpoint {
    Endpoint::new(__path_current_user, current_user::<A, P>)
}

/// User Info
///
/// Get information about a user.
#[utoipa::path(
    get, path = "/users/current", tag = "Users",
    params(("practiceId" = Option<i64>, Query,
        description = "One of the user's practices; the one that the user was first in if not given.")),
    responses((status = 200, description = "The user", body = ProfileReply))
)]
async fn current_user<A: AccountUseCases, P: PracticeUseCases>(
    mut context: PracticeContext<A, P>,
    (caller, PracticeQuery(practice)): (Caller, PracticeQuery),
) -> PracticeApiResult<CurrentUserError> {
    let profile = context.call(|ports| ports.practices.practice_profile(caller, practice)).await??;
    let profile = profile.ok_or(CurrentUserError::UserGone)?;
    if practice.is_some() && profile.membership.is_none() {
        return Err(CurrentUserError::NotAMember.into());
    }
    Ok(ok(&ProfileReply::from(profile)))
}

enum CurrentUserError {
    /// The user was deleted after the token was checked.
    UserGone,
    /// The user is not a member of the practice in the query.
    NotAMember,
}

impl OperationError for CurrentUserError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::Unauthenticated, SharedResponse::Invalid];
}

impl From<CurrentUserError> for PracticeApiError {
    fn from(error: CurrentUserError) -> Self {
        match error {
            CurrentUserError::UserGone => ApiError::Unauthenticated { token_sent: true }.into(),
            CurrentUserError::NotAMember => {
                Self::Invalid(ParamErrors::of(PRACTICE_ID, "is not one of your practices"))
            }
        }
    }
}
