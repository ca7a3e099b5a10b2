//! `PUT /v1/auth/password/reset`

use asteroid_application::accounts::{PasswordResets, ResetPassword, ResetPasswordError};
use asteroid_identity::Password;
use asteroid_kernel::{Contact, Origin};
use asteroid_verification::CodeGuess;
use serde_json::{Value, json};

use super::body::{BodySchema, RequestBody};
use super::error::{AuthError, AuthResult, CredentialError, UnauthorizedReply};
use super::fields::{CHOSEN_PASSWORD, CODE, CONTACT, PASSWORD_CONFIRMATION};
use super::reply::{self, EmptyReply};
use super::validation::{BodyFields, ValidationErrors};
use crate::HttpSettings;
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, HttpContext, OperationError};

pub(super) fn endpoint<A: PasswordResets>() -> Endpoint {
    Endpoint::new(__path_reset_password, reset_password::<A>)
}

struct ResetPasswordBody {
    contact: Contact,
    guess: CodeGuess,
    new: Password,
}

impl ResetPasswordBody {
    fn into_request(self, origin: Origin) -> ResetPassword {
        ResetPassword { contact: self.contact, guess: self.guess, new: self.new, origin }
    }
}

impl RequestBody for ResetPasswordBody {
    const SCHEMA: BodySchema = BodySchema {
        name: "ResetPasswordBody",
        about: "A request to set a new password with a code.",
        required: &[&CONTACT, &CODE, &CHOSEN_PASSWORD, &PASSWORD_CONFIRMATION],
        optional: &[],
    };

    fn example() -> Value {
        json!({
            "contact": "george.washington@gmail.com", "code": "12345",
            "password": "5VphcVNdGhJi", "password_confirmation": "5VphcVNdGhJi",
        })
    }

    fn read(fields: &mut BodyFields<'_>, settings: &HttpSettings) -> Option<Self> {
        let contact = fields.contact(&CONTACT, settings.default_region);
        let guess = fields.code(&CODE);
        let passwords = [&CHOSEN_PASSWORD, &PASSWORD_CONFIRMATION];
        let new = fields.new_password(passwords, settings, contact.as_slice(), &[]);
        Some(Self { contact: contact?, guess: guess?, new: new? })
    }
}

/// Reset Password
///
/// Reset the user's password. This endpoint is to be used after calling the Forgot Password endpoint. The code is
/// the verification code that was sent to the user via either text message or email. Every session of the user ends.
#[utoipa::path(
    put, path = "/v1/auth/password/reset", tag = "Authentication",
    responses(
        (status = 200, description = "The password is set", body = EmptyReply),
        (status = 401, description = "Wrong code", body = UnauthorizedReply, example = json!({
            "data": {"code": "INVALID_CODE", "error": "Invalid CODE", "more": {}},
        })),
    )
)]
async fn reset_password<A: PasswordResets>(
    mut context: HttpContext<A>,
    body: ResetPasswordBody,
) -> AuthResult<ResetPasswordError> {
    let request = body.into_request(context.origin());
    context.call(|accounts| accounts.reset_password(request)).await??;
    Ok(reply::done())
}

impl OperationError for ResetPasswordError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::Invalid, SharedResponse::TooManyRequests];
}

impl From<ResetPasswordError> for AuthError {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::WeakPassword(errors) => {
                Self::Invalid(ValidationErrors::of_password(&CHOSEN_PASSWORD, errors))
            }
            ResetPasswordError::InvalidCode => Self::Refused(CredentialError::Code),
            ResetPasswordError::TooManyAttempts { retry_after } => {
                ApiError::TooManyRequests { retry_after }.into()
            }
            ResetPasswordError::Busy { retry_after } => ApiError::Unavailable { retry_after }.into(),
            ResetPasswordError::Hashing(error) => Self::ApiError(error.into()),
            ResetPasswordError::Storage(error) => error.into(),
        }
    }
}
