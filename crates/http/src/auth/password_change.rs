//! `PUT /v1/auth/password/change`

use asteroid_application::accounts::{
    Caller, ChangePassword, ChangePasswordError, PasswordChanges, Sessions,
};
use asteroid_identity::Password;
use asteroid_kernel::Origin;
use serde_json::{Value, json};

use super::body::{BodySchema, RequestBody};
use super::error::{AuthError, AuthResult, CredentialError, UnauthorizedReply};
use super::fields::{EXISTING_PASSWORD, NEW_PASSWORD, NEW_PASSWORD_CONFIRMATION};
use super::reply::{self, EmptyReply};
use super::validation::{BodyFields, ValidationErrors};
use crate::HttpSettings;
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, HttpContext, OperationError};

pub(super) fn endpoint<A: Sessions + PasswordChanges>() -> Endpoint {
    Endpoint::new(__path_change_password, change_password::<A>)
}

struct ChangePasswordBody {
    existing: Password,
    new: Password,
}

impl ChangePasswordBody {
    fn into_request(self, caller: Caller, origin: Origin) -> ChangePassword {
        ChangePassword { caller, existing: self.existing, new: self.new, origin }
    }
}

impl RequestBody for ChangePasswordBody {
    const SCHEMA: BodySchema = BodySchema {
        name: "ChangePasswordBody",
        about: "A request to replace the password.",
        required: &[&EXISTING_PASSWORD, &NEW_PASSWORD, &NEW_PASSWORD_CONFIRMATION],
        optional: &[],
    };

    fn example() -> Value {
        json!({
            "existing_password": "oldpassword", "new_password": "newpassword",
            "new_password_confirmation": "newpassword",
        })
    }

    fn read(fields: &mut BodyFields<'_>, settings: &HttpSettings) -> Option<Self> {
        let existing = fields.password(&EXISTING_PASSWORD, settings);
        let new = fields.new_password([&NEW_PASSWORD, &NEW_PASSWORD_CONFIRMATION], settings, &[], &[]);
        if let (Some(existing), Some(new)) = (&existing, &new)
            && existing.expose() == new.expose()
        {
            fields.refuse_same_password(&NEW_PASSWORD);
        }
        Some(Self { existing: existing?, new: new? })
    }
}

/// Change Password
///
/// Change the user's password. Every other session of the user ends.
#[utoipa::path(
    put, path = "/v1/auth/password/change", tag = "Authentication",
    responses(
        (status = 200, description = "The password is changed", body = EmptyReply),
        (status = 401, description = "Wrong existing password, or no valid access token", body = UnauthorizedReply,
            example = json!({
                "data": {"code": "INVALID_EXISTING_PASSWORD", "error": "Invalid existing password", "more": {}},
            })),
    )
)]
async fn change_password<A: Sessions + PasswordChanges>(
    mut context: HttpContext<A>,
    (caller, body): (Caller, ChangePasswordBody),
) -> AuthResult<ChangePasswordError> {
    let request = body.into_request(caller, context.origin());
    context.call_to_end(|accounts| async move { accounts.change_password(request).await }).await??;
    Ok(reply::done())
}

impl OperationError for ChangePasswordError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::Invalid, SharedResponse::TooManyRequests];
}

impl From<ChangePasswordError> for AuthError {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::WeakPassword(errors) => {
                Self::Invalid(ValidationErrors::of_password(&NEW_PASSWORD, errors))
            }
            ChangePasswordError::InvalidExistingPassword => Self::Refused(CredentialError::ExistingPassword),
            ChangePasswordError::TooManyAttempts { retry_after } => {
                ApiError::TooManyRequests { retry_after }.into()
            }
            ChangePasswordError::Busy { retry_after } => ApiError::Unavailable { retry_after }.into(),
            ChangePasswordError::Hashing(error) => Self::ApiError(error.into()),
            ChangePasswordError::Storage(error) => error.into(),
        }
    }
}
