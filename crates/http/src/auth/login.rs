//! `POST /v1/auth/login`

use asteroid_application::accounts::{SignIn, SignInError, SignIns, TokenForm};
use asteroid_identity::Password;
use asteroid_kernel::{Contact, Origin};
use serde_json::{Value, json};

use super::body::{BodySchema, RequestBody};
use super::error::{AuthError, AuthResult, CredentialError, UnauthorizedReply};
use super::fields::{CONTACT, PASSWORD};
use super::reply::{self, TokenReply};
use super::validation::BodyFields;
use crate::HttpSettings;
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, HttpContext, OperationError};

pub(super) fn endpoint<A: SignIns>() -> Endpoint {
    Endpoint::new(__path_login, login::<A>)
}

struct LoginBody {
    contact: Contact,
    password: Password,
}

impl LoginBody {
    fn into_request(self, origin: Origin) -> SignIn {
        SignIn { contact: self.contact, password: self.password, token: TokenForm::Opaque, origin }
    }
}

impl RequestBody for LoginBody {
    const SCHEMA: BodySchema = BodySchema {
        name: "LoginBody",
        about: "A request to sign in with a password.",
        required: &[&CONTACT, &PASSWORD],
        optional: &[],
    };

    fn example() -> Value {
        json!({"contact": "george.washington@example.com", "password": "5VphcVNdGhJi"})
    }

    fn read(fields: &mut BodyFields<'_>, settings: &HttpSettings) -> Option<Self> {
        let contact = fields.contact(&CONTACT, settings.default_region);
        let password = fields.password(&PASSWORD, settings);
        Some(Self { contact: contact?, password: password? })
    }
}

/// Login
///
/// Login with either an email address or a phone number.
#[utoipa::path(
    post, path = "/v1/auth/login", tag = "Authentication",
    responses(
        (status = 200, description = "A new session", body = TokenReply),
        (status = 401, description = "Wrong contact or password", body = UnauthorizedReply, example = json!({
            "data": {"code": "AUTHENTICATION_FAILED", "error": "Invalid Credentials", "more": {}},
        })),
    )
)]
async fn login<A: SignIns>(mut context: HttpContext<A>, body: LoginBody) -> AuthResult<SignInError> {
    let request = body.into_request(context.origin());
    let signed_in = context.call_to_end(|accounts| async move { accounts.sign_in(request).await }).await??;
    Ok(reply::ok(&TokenReply::from(signed_in.signed_in)))
}

impl OperationError for SignInError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::TooManyRequests];
}

impl From<SignInError> for AuthError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::InvalidCredentials => Self::Refused(CredentialError::Credentials),
            SignInError::TooManyAttempts { retry_after } => ApiError::TooManyRequests { retry_after }.into(),
            SignInError::Busy { retry_after } => ApiError::Unavailable { retry_after }.into(),
            SignInError::Hashing(error) => Self::ApiError(error.into()),
            SignInError::Signing(error) => Self::ApiError(error.into()),
            SignInError::Storage(error) => error.into(),
        }
    }
}
