//! `POST /v1/auth/verification_codes/verify`

use asteroid_application::accounts::{CodeVerifications, VerifyCode, VerifyCodeError};
use asteroid_kernel::{Contact, Origin};
use asteroid_verification::CodeGuess;
use serde_json::{Value, json};

use super::body::{BodySchema, RequestBody};
use super::error::{AuthError, AuthResult, CredentialError, UnauthorizedReply};
use super::fields::{CODE, CONTACT};
use super::reply::{self, TokenReply};
use super::validation::BodyFields;
use crate::HttpSettings;
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, HttpContext, OperationError};

pub(super) fn endpoint<A: CodeVerifications>() -> Endpoint {
    Endpoint::new(__path_verify_code, verify_code::<A>)
}

struct VerifyCodeBody {
    contact: Contact,
    guess: CodeGuess,
}

impl VerifyCodeBody {
    fn into_request(self, origin: Origin) -> VerifyCode {
        VerifyCode { contact: self.contact, guess: self.guess, origin }
    }
}

impl RequestBody for VerifyCodeBody {
    const SCHEMA: BodySchema = BodySchema {
        name: "VerifyCodeBody",
        about: "A request to redeem a code.",
        required: &[&CONTACT, &CODE],
        optional: &[],
    };

    fn example() -> Value {
        json!({"contact": "george.washington@gmail.com", "code": "12345"})
    }

    fn read(fields: &mut BodyFields<'_>, settings: &HttpSettings) -> Option<Self> {
        let contact = fields.contact(&CONTACT, settings.default_region);
        let guess = fields.code(&CODE);
        Some(Self { contact: contact?, guess: guess? })
    }
}

/// Verify Verification Code
///
/// This endpoint is to be used after calling the Send Verification Code or the Register endpoint. The code and
/// contact authenticate the user to the provided email address or cell phone. The endpoint responds with an access
/// token and its associated expiration date.
#[utoipa::path(
    post, path = "/v1/auth/verification_codes/verify", tag = "Authentication",
    responses(
        (status = 200, description = "A new session", body = TokenReply),
        (status = 401, description = "Wrong code", body = UnauthorizedReply, example = json!({
            "data": {"code": "INVALID_CODE", "error": "Invalid CODE", "more": {}},
        })),
    )
)]
async fn verify_code<A: CodeVerifications>(
    mut context: HttpContext<A>,
    body: VerifyCodeBody,
) -> AuthResult<VerifyCodeError> {
    let request = body.into_request(context.origin());
    let signed_in = context.call(|accounts| accounts.verify_code(request)).await??;
    Ok(reply::ok(&TokenReply::from(signed_in)))
}

impl OperationError for VerifyCodeError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::TooManyRequests];
}

impl From<VerifyCodeError> for AuthError {
    fn from(error: VerifyCodeError) -> Self {
        match error {
            VerifyCodeError::InvalidCode => Self::Refused(CredentialError::Code),
            VerifyCodeError::TooManyAttempts { retry_after } => {
                ApiError::TooManyRequests { retry_after }.into()
            }
            VerifyCodeError::Busy { retry_after } => ApiError::Unavailable { retry_after }.into(),
            VerifyCodeError::Storage(error) => error.into(),
        }
    }
}
