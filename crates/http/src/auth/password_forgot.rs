//! `POST /v1/auth/password/forgot`

use asteroid_application::accounts::{ForgotPassword, PasswordResetRequests, SendCodesError};
use asteroid_kernel::{Contact, Origin};
use serde_json::{Value, json};

use super::body::{BodySchema, RequestBody};
use super::error::AuthResult;
use super::fields::CONTACT;
use super::reply::{self, EmptyReply};
use super::validation::BodyFields;
use crate::HttpSettings;
use crate::core::{Endpoint, HttpContext};

pub(super) fn endpoint<A: PasswordResetRequests>() -> Endpoint {
    Endpoint::new(__path_forgot_password, forgot_password::<A>)
}

struct ForgotPasswordBody {
    contact: Contact,
}

impl ForgotPasswordBody {
    fn into_request(self, origin: Origin) -> ForgotPassword {
        ForgotPassword { contact: self.contact, origin }
    }
}

impl RequestBody for ForgotPasswordBody {
    const SCHEMA: BodySchema = BodySchema {
        name: "ForgotPasswordBody",
        about: "A request for a code to set a new password with.",
        required: &[&CONTACT],
        optional: &[],
    };

    fn example() -> Value {
        json!({"contact": "george.washington@gmail.com"})
    }

    fn read(fields: &mut BodyFields<'_>, settings: &HttpSettings) -> Option<Self> {
        Some(Self { contact: fields.reached_contact(&CONTACT, settings)? })
    }
}

/// Forgot Password
///
/// Send an email or text message to the user containing a verification code. The verification code can then be used
/// in combination with the email or phone number to reset the user's password. The answer does not tell whether
/// there is such a user.
#[utoipa::path(
    post, path = "/v1/auth/password/forgot", tag = "Authentication",
    responses((status = 200, description = "The code is on its way, if there is such a user", body = EmptyReply))
)]
async fn forgot_password<A: PasswordResetRequests>(
    mut context: HttpContext<A>,
    body: ForgotPasswordBody,
) -> AuthResult<SendCodesError> {
    let request = body.into_request(context.origin());
    context.call(|accounts| accounts.forgot_password(request)).await??;
    Ok(reply::done())
}
