//! `PUT /admin/v1/users/{id}/password`

use actix_web::HttpResponse;
use asteroid_application::administration::{Administration, SetPasswordError};
use asteroid_identity::{Password, PasswordFlaw};
use serde::Deserialize;
use utoipa::ToSchema;

use super::AdminApi;
use super::authorization::{Authorized, UsersWrite};
use super::body::JsonBody;
use super::segments::UserSegment;
use super::users_status::EndedSessionsReply;
use crate::admin::error::{AdminError, AdminResult, InvalidField};
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, HttpContext, OperationError};

pub(super) fn endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_set_password, set_password::<D>)
}

/// A password to set.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"password": "correct horse battery staple"}))]
pub(super) struct SetPasswordBody {
    /// The password.
    #[schema(format = Password)]
    password: String,
}

/// Set Password
///
/// Sets the user's password, ends all sessions, forgets wrong passwords, and tells the user.
#[utoipa::path(
    put, path = "/admin/v1/users/{id}/password", tag = "Users",
    params(("id" = i64, Path, description = "The id of the user")),
    request_body = SetPasswordBody,
    responses((status = 200, description = "The password is set", body = EndedSessionsReply))
)]
async fn set_password<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (caller, UserSegment(user), JsonBody { body, .. }): (
        Authorized<UsersWrite>,
        UserSegment,
        JsonBody<SetPasswordBody>,
    ),
) -> AdminResult<SetPasswordError> {
    let (password, operator) = (Password::new(&body.password), caller.operator(&context));
    let ended =
        context.call(|api| api.administration.set_password(user.into(), password, operator)).await??;
    let ended = ended.ok_or(AdminError::from(ApiError::NotFound))?;
    Ok(crate::core::json(HttpResponse::Ok(), &EndedSessionsReply::from(ended)))
}

/// The password does not meet the policy.
pub(super) fn weak_password(flaws: &[PasswordFlaw]) -> AdminError {
    let field = |flaw: &PasswordFlaw| InvalidField { field: "password".to_owned(), detail: flaw.to_string() };
    AdminError::Invalid(flaws.iter().map(field).collect())
}

impl OperationError for SetPasswordError {
    const RESPONSES: &'static [SharedResponse] = &[];
}

impl From<SetPasswordError> for AdminError {
    fn from(error: SetPasswordError) -> Self {
        match error {
            SetPasswordError::WeakPassword(flaws) => weak_password(&flaws),
            SetPasswordError::Hashing(error) => ApiError::from(error).into(),
            SetPasswordError::Storage(error) => error.into(),
        }
    }
}
