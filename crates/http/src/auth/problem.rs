use std::fmt;

use actix_web::{HttpResponse, ResponseError};
use asteroid_application::ports::{
    ChangePasswordError, RegisterError, ResetPasswordError, SendCodesError, SignInError, VerifyCodeError,
};
use asteroid_kernel::StorageError;
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::{CHOSEN_PASSWORD, NEW_PASSWORD};
use super::form::{Flaw, Flaws};
use crate::web::{Fault, Surface, json};
use crate::wire::HeadFault;

/// Why this surface does not do what was asked.
#[derive(Debug)]
pub(super) enum Problem {
    /// Fields are invalid.
    Invalid(Flaws),
    /// A proof was refused.
    Refused(Refusal),
    /// What can go wrong anywhere.
    Fault(Fault),
}

/// A proof that was refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refusal {
    /// Of a user, by a password.
    Credentials,
    /// Of the caller, by the existing password.
    ExistingPassword,
    /// Of a contact, by a code.
    Code,
}

/// The envelopes of this surface.
pub(crate) struct AuthSurface;

/// A proof is missing or wrong.
#[derive(Serialize, ToSchema)]
pub(super) struct UnauthorizedReply {
    data: Unauthorized,
}

/// Which proof.
#[derive(Serialize, ToSchema)]
struct Unauthorized {
    /// A stable word for a program.
    #[schema(example = "AUTHENTICATION_FAILED")]
    code: &'static str,
    /// The same for a person.
    #[schema(example = "Invalid Credentials")]
    error: &'static str,
    more: More,
}

/// Nothing more.
#[derive(Serialize, ToSchema)]
struct More {}

/// Anything else that went wrong.
#[derive(Serialize, ToSchema)]
pub(super) struct ErrorReply {
    error: ErrorBody,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
struct ErrorBody {
    /// A stable word for a program.
    #[schema(example = "VALIDATION_ERROR")]
    code: &'static str,
    /// A sentence for a person.
    #[schema(example = "You have validation errors in your submission")]
    message: String,
    /// What is wrong with each invalid field; only where fields are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = std::collections::BTreeMap<String, Vec<Flaw>>, required = false)]
    validation_messages: Option<Flaws>,
}

/// Either envelope.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Reply {
    Unauthorized(UnauthorizedReply),
    Error(ErrorReply),
}

impl Reply {
    fn unauthorized(code: &'static str, error: &'static str) -> Self {
        Self::Unauthorized(UnauthorizedReply { data: Unauthorized { code, error, more: More {} } })
    }

    /// What is said of invalid fields.
    pub(super) fn to_flaws(flaws: &Flaws) -> Self {
        Self::Error(ErrorReply {
            error: ErrorBody {
                code: "VALIDATION_ERROR",
                message: "You have validation errors in your submission".to_owned(),
                validation_messages: Some(flaws.clone()),
            },
        })
    }

    /// What is said of a proof that was refused.
    pub(super) fn to_refusal(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Credentials => Self::unauthorized("AUTHENTICATION_FAILED", "Invalid Credentials"),
            Refusal::ExistingPassword => {
                Self::unauthorized("INVALID_EXISTING_PASSWORD", "Invalid existing password")
            }
            Refusal::Code => Self::unauthorized("INVALID_CODE", "Invalid CODE"),
        }
    }

    /// What is said of what can go wrong anywhere.
    pub(super) fn to_fault(fault: &Fault) -> Self {
        let code = match fault {
            Fault::Unauthenticated { .. } => {
                return Self::unauthorized("UNAUTHENTICATED", AuthSurface::UNAUTHENTICATED);
            }
            Fault::MalformedJson(_) => "MALFORMED_JSON",
            Fault::ForbiddenOrigin => "FORBIDDEN_ORIGIN",
            Fault::NotFound => "NOT_FOUND",
            Fault::MethodNotAllowed { .. } => "METHOD_NOT_ALLOWED",
            Fault::BodyTimeout | Fault::InvalidHead(HeadFault::Timeout) => "REQUEST_TIMEOUT",
            Fault::BodyTooLarge { .. } => "PAYLOAD_TOO_LARGE",
            Fault::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Fault::TooManyRequests { .. } => "TOO_MANY_REQUESTS",
            Fault::InvalidHead(HeadFault::TargetTooLong) => "TARGET_TOO_LONG",
            Fault::InvalidHead(
                HeadFault::Syntax | HeadFault::Target | HeadFault::Host | HeadFault::BodyLength,
            ) => "MALFORMED_REQUEST",
            Fault::InvalidHead(HeadFault::FieldsTooLarge) | Fault::HeadersTooLarge { .. } => {
                "HEADERS_TOO_LARGE"
            }
            Fault::Broken => "INTERNAL_ERROR",
            Fault::Unavailable { .. } => "SERVICE_UNAVAILABLE",
        };
        let message = fault.words::<AuthSurface>().into_owned();
        Self::Error(ErrorReply { error: ErrorBody { code, message, validation_messages: None } })
    }
}

impl Surface for AuthSurface {
    const UNAUTHENTICATED: &'static str = "A valid access token is required";
    const UNSUPPORTED_MEDIA_TYPE: &'static str =
        "The request body must be sent as application/json, without a content coding.";

    fn answer(fault: &Fault) -> HttpResponse {
        json(fault.response(), &Reply::to_fault(fault))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid(_) => "fields are invalid",
            Self::Refused(_) => "a proof was refused",
            Self::Fault(_) => "the request failed",
        })
    }
}

impl ResponseError for Problem {
    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Invalid(flaws) => json(HttpResponse::UnprocessableEntity(), &Reply::to_flaws(flaws)),
            Self::Refused(refusal) => json(HttpResponse::Unauthorized(), &Reply::to_refusal(*refusal)),
            Self::Fault(fault) => AuthSurface::answer(fault),
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::WeakPassword(flaws) => Self::Invalid(Flaws::of_password(&CHOSEN_PASSWORD, flaws)),
            RegisterError::TooManyCodes { retry_after } => Fault::TooManyRequests { retry_after }.into(),
            RegisterError::Hashing(error) => Self::Fault(error.into()),
            RegisterError::Storage(error) => error.into(),
        }
    }
}

impl From<SendCodesError> for Problem {
    fn from(error: SendCodesError) -> Self {
        match error {
            SendCodesError::TooManyCodes { retry_after } => Fault::TooManyRequests { retry_after }.into(),
            SendCodesError::Storage(error) => error.into(),
        }
    }
}

impl From<VerifyCodeError> for Problem {
    fn from(error: VerifyCodeError) -> Self {
        match error {
            VerifyCodeError::InvalidCode => Self::Refused(Refusal::Code),
            VerifyCodeError::Storage(error) => error.into(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::InvalidCredentials => Self::Refused(Refusal::Credentials),
            SignInError::TooManyAttempts { retry_after } => Fault::TooManyRequests { retry_after }.into(),
            SignInError::Hashing(error) => Self::Fault(error.into()),
            SignInError::Storage(error) => error.into(),
        }
    }
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::WeakPassword(flaws) => {
                Self::Invalid(Flaws::of_password(&NEW_PASSWORD, flaws))
            }
            ChangePasswordError::InvalidExistingPassword => Self::Refused(Refusal::ExistingPassword),
            ChangePasswordError::TooManyAttempts { retry_after } => {
                Fault::TooManyRequests { retry_after }.into()
            }
            ChangePasswordError::Hashing(error) => Self::Fault(error.into()),
            ChangePasswordError::Storage(error) => error.into(),
        }
    }
}

impl From<ResetPasswordError> for Problem {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::WeakPassword(flaws) => {
                Self::Invalid(Flaws::of_password(&CHOSEN_PASSWORD, flaws))
            }
            ResetPasswordError::InvalidCode => Self::Refused(Refusal::Code),
            ResetPasswordError::Hashing(error) => Self::Fault(error.into()),
            ResetPasswordError::Storage(error) => error.into(),
        }
    }
}
