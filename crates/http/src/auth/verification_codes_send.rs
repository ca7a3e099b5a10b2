//! `POST /v1/auth/verification_codes/send`, and the same with codes to autofill at `/v2/auth`

use asteroid_application::accounts::{CodeRequests, CodeVersion, SendCodes, SendCodesError};
use asteroid_kernel::{Contact, Origin};
use serde_json::{Value, json};

use super::body::{BodySchema, RequestBody};
use super::error::{AuthError, AuthResult};
use super::fields::{EMAIL, PHONE, format_of};
use super::reply;
use super::validation::{BodyFields, ValidationErrors};
use crate::HttpSettings;
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, HttpContext, OperationError};

pub(super) fn endpoint<A: CodeRequests>() -> Endpoint {
    Endpoint::new(__path_send_codes, send_codes::<A>)
}

pub(super) fn autofill_endpoint<A: CodeRequests>() -> Endpoint {
    Endpoint::new(__path_send_autofill_codes, send_autofill_codes::<A>).with_description(|settings| {
        let code = format_of(settings.code_formats.v2);
        format!("The same as version 1, with a code of {code} to support mobile devices autofilling the UI.")
    })
}

struct SendCodesBody {
    contacts: Vec<Contact>,
}

impl SendCodesBody {
    fn into_request(self, version: CodeVersion, origin: Origin) -> SendCodes {
        SendCodes { contacts: self.contacts, version, origin }
    }
}

impl RequestBody for SendCodesBody {
    const SCHEMA: BodySchema = BodySchema {
        name: "SendCodesBody",
        about: "A request for codes: to `email`, to `phone`, or one to each.",
        required: &[],
        optional: &[&EMAIL, &PHONE],
    };

    fn example() -> Value {
        json!({"email": "george.washington@example.com", "phone": "555-555-5555"})
    }

    fn read(fields: &mut BodyFields<'_>, settings: &HttpSettings) -> Option<Self> {
        Some(Self { contacts: fields.email_or_phone(settings) })
    }
}

/// Send Verification Code
///
/// Send a verification code to the user's email address or cell phone number. This code can then be used when making
/// the call to Verify Verification Code. The answer does not tell whether there is such a user.
#[utoipa::path(
    post, path = "/v1/auth/verification_codes/send", tag = "Authentication",
    responses((status = 204, description = "The codes are on their way, if there is such a user"))
)]
async fn send_codes<A: CodeRequests>(
    context: HttpContext<A>,
    body: SendCodesBody,
) -> AuthResult<SendCodesError> {
    send(context, body, CodeVersion::V1).await
}

/// Send Autofill Verification Code
#[utoipa::path(
    post, path = "/v2/auth/verification_codes/send", tag = "Authentication",
    responses((status = 204, description = "The codes are on their way, if there is such a user"))
)]
async fn send_autofill_codes<A: CodeRequests>(
    context: HttpContext<A>,
    body: SendCodesBody,
) -> AuthResult<SendCodesError> {
    send(context, body, CodeVersion::V2).await
}

async fn send<A: CodeRequests>(
    mut context: HttpContext<A>,
    body: SendCodesBody,
    version: CodeVersion,
) -> AuthResult<SendCodesError> {
    let request = body.into_request(version, context.origin());
    context.call(|accounts| accounts.send_codes(request)).await??;
    Ok(reply::no_content())
}

impl OperationError for SendCodesError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::Invalid, SharedResponse::TooManyRequests];
}

impl From<SendCodesError> for AuthError {
    fn from(error: SendCodesError) -> Self {
        match error {
            SendCodesError::TooManyCodes { retry_after } => ApiError::TooManyRequests { retry_after }.into(),
            SendCodesError::CountryNotServed(error) => Self::Invalid(ValidationErrors::of_country(&error)),
            SendCodesError::Storage(error) => error.into(),
        }
    }
}
