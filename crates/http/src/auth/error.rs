use std::fmt;

use actix_web::{HttpResponse, ResponseError};
use asteroid_application::ports::{
    ChangePasswordError, RegisterError, ResetPasswordError, SendCodesError, SignInError, VerifyCodeError,
};
use asteroid_kernel::StorageError;
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::{CHOSEN_PASSWORD, NEW_PASSWORD};
use super::form::{FieldError, ValidationErrors};
use crate::core::{ApiError, Surface, json};
use crate::wire::HeadError;

/// Why this surface does not do what was asked.
#[derive(Debug)]
pub(super) enum AuthError {
    /// Fields are invalid.
    Invalid(ValidationErrors),
    /// A proof was refused.
    Refused(CredentialError),
    /// What can go wrong anywhere.
    ApiError(ApiError),
}

/// A proof that was refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum CredentialError {
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
    #[schema(value_type = std::collections::BTreeMap<String, Vec<FieldError>>, required = false)]
    validation_messages: Option<ValidationErrors>,
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
    pub(super) fn to_validation_errors(errors: &ValidationErrors) -> Self {
        Self::Error(ErrorReply {
            error: ErrorBody {
                code: "VALIDATION_ERROR",
                message: "You have validation errors in your submission".to_owned(),
                validation_messages: Some(errors.clone()),
            },
        })
    }

    /// What is said of a proof that was refused.
    pub(super) fn to_credential_error(refusal: CredentialError) -> Self {
        match refusal {
            CredentialError::Credentials => {
                Self::unauthorized("AUTHENTICATION_FAILED", "Invalid Credentials")
            }
            CredentialError::ExistingPassword => {
                Self::unauthorized("INVALID_EXISTING_PASSWORD", "Invalid existing password")
            }
            CredentialError::Code => Self::unauthorized("INVALID_CODE", "Invalid CODE"),
        }
    }

    /// What is said of what can go wrong anywhere.
    pub(super) fn to_error(error: &ApiError) -> Self {
        let code = match error {
            ApiError::Unauthenticated { .. } => {
                return Self::unauthorized("UNAUTHENTICATED", AuthSurface::UNAUTHENTICATED);
            }
            ApiError::MalformedJson(_) => "MALFORMED_JSON",
            ApiError::ForbiddenOrigin => "FORBIDDEN_ORIGIN",
            ApiError::NotFound => "NOT_FOUND",
            ApiError::MethodNotAllowed { .. } => "METHOD_NOT_ALLOWED",
            ApiError::BodyTimeout | ApiError::InvalidHead(HeadError::Timeout) => "REQUEST_TIMEOUT",
            ApiError::BodyTooLarge { .. } => "PAYLOAD_TOO_LARGE",
            ApiError::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            ApiError::TooManyRequests { .. } => "TOO_MANY_REQUESTS",
            ApiError::InvalidHead(HeadError::TargetTooLong) => "TARGET_TOO_LONG",
            ApiError::InvalidHead(
                HeadError::Syntax | HeadError::Target | HeadError::Host | HeadError::BodyLength,
            ) => "MALFORMED_REQUEST",
            ApiError::InvalidHead(HeadError::FieldsTooLarge) | ApiError::HeadersTooLarge { .. } => {
                "HEADERS_TOO_LARGE"
            }
            ApiError::Broken => "INTERNAL_ERROR",
            ApiError::Unavailable { .. } => "SERVICE_UNAVAILABLE",
        };
        let message = error.message::<AuthSurface>().into_owned();
        Self::Error(ErrorReply { error: ErrorBody { code, message, validation_messages: None } })
    }
}

impl Surface for AuthSurface {
    const UNAUTHENTICATED: &'static str = "A valid access token is required";
    const UNSUPPORTED_MEDIA_TYPE: &'static str =
        "The request body must be sent as application/json, without a content coding.";

    fn answer(error: &ApiError) -> HttpResponse {
        json(error.response(), &Reply::to_error(error))
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid(_) => "fields are invalid",
            Self::Refused(_) => "a proof was refused",
            Self::ApiError(_) => "the request failed",
        })
    }
}

impl ResponseError for AuthError {
    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Invalid(errors) => {
                json(HttpResponse::UnprocessableEntity(), &Reply::to_validation_errors(errors))
            }
            Self::Refused(refusal) => {
                json(HttpResponse::Unauthorized(), &Reply::to_credential_error(*refusal))
            }
            Self::ApiError(error) => AuthSurface::answer(error),
        }
    }
}

impl From<ApiError> for AuthError {
    fn from(error: ApiError) -> Self {
        Self::ApiError(error)
    }
}

impl From<StorageError> for AuthError {
    fn from(error: StorageError) -> Self {
        Self::ApiError(error.into())
    }
}

impl From<RegisterError> for AuthError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::WeakPassword(errors) => {
                Self::Invalid(ValidationErrors::of_password(&CHOSEN_PASSWORD, errors))
            }
            RegisterError::TooManyCodes { retry_after } => ApiError::TooManyRequests { retry_after }.into(),
            RegisterError::Hashing(error) => Self::ApiError(error.into()),
            RegisterError::Storage(error) => error.into(),
        }
    }
}

impl From<SendCodesError> for AuthError {
    fn from(error: SendCodesError) -> Self {
        match error {
            SendCodesError::TooManyCodes { retry_after } => ApiError::TooManyRequests { retry_after }.into(),
            SendCodesError::Storage(error) => error.into(),
        }
    }
}

impl From<VerifyCodeError> for AuthError {
    fn from(error: VerifyCodeError) -> Self {
        match error {
            VerifyCodeError::InvalidCode => Self::Refused(CredentialError::Code),
            VerifyCodeError::Storage(error) => error.into(),
        }
    }
}

impl From<SignInError> for AuthError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::InvalidCredentials => Self::Refused(CredentialError::Credentials),
            SignInError::TooManyAttempts { retry_after } => ApiError::TooManyRequests { retry_after }.into(),
            SignInError::Hashing(error) => Self::ApiError(error.into()),
            SignInError::Storage(error) => error.into(),
        }
    }
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
            ChangePasswordError::Hashing(error) => Self::ApiError(error.into()),
            ChangePasswordError::Storage(error) => error.into(),
        }
    }
}

impl From<ResetPasswordError> for AuthError {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::WeakPassword(errors) => {
                Self::Invalid(ValidationErrors::of_password(&CHOSEN_PASSWORD, errors))
            }
            ResetPasswordError::InvalidCode => Self::Refused(CredentialError::Code),
            ResetPasswordError::Hashing(error) => Self::ApiError(error.into()),
            ResetPasswordError::Storage(error) => error.into(),
        }
    }
}
