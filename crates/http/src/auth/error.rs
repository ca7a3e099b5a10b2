//! What the surface answers when a request fails.

use std::convert::Infallible;
use std::fmt;

use actix_web::{HttpResponse, ResponseError};
use asteroid_kernel::StorageError;
use serde::Serialize;
use utoipa::ToSchema;

use super::validation::{FieldError, ValidationErrors};
use crate::core::{ApiError, EndpointError, Surface, json};

/// The answer of a handler of this surface. `E` is the error of its operation.
pub(super) type AuthResult<E = Infallible> = Result<HttpResponse, EndpointError<AuthSurface, E>>;

/// Why a request to this surface fails.
#[derive(Debug)]
pub(crate) enum AuthError {
    /// Fields are invalid.
    Invalid(ValidationErrors),
    /// A credential was refused.
    Refused(CredentialError),
    /// An error that any request may meet.
    ApiError(ApiError),
}

/// A credential that was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CredentialError {
    /// The password of a contact, or there is no such contact.
    Credentials,
    /// The existing password of the caller.
    ExistingPassword,
    /// The code that was sent to a contact.
    Code,
}

/// The envelopes of this surface.
pub(crate) struct AuthSurface;

/// A credential is missing or wrong.
#[derive(Serialize, ToSchema)]
pub(super) struct UnauthorizedReply {
    data: UnauthorizedData,
}

/// Which credential.
#[derive(Serialize, ToSchema)]
#[schema(as = Unauthorized)]
struct UnauthorizedData {
    /// A stable code, for programs.
    #[schema(example = "AUTHENTICATION_FAILED")]
    code: &'static str,
    /// A text, for people.
    #[schema(example = "Invalid Credentials")]
    error: &'static str,
    more: EmptyObject,
}

/// Always empty.
#[derive(Serialize, ToSchema)]
#[schema(as = More)]
struct EmptyObject {}

/// Any other error.
#[derive(Serialize, ToSchema)]
pub(super) struct ErrorReply {
    error: ErrorBody,
}

/// The error.
#[derive(Serialize, ToSchema)]
struct ErrorBody {
    /// A stable code, for programs.
    #[schema(example = "VALIDATION_ERROR")]
    code: &'static str,
    /// A sentence, for people.
    #[schema(example = "You have validation errors in your submission")]
    message: String,
    /// The errors of each invalid field. Only where fields are invalid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = std::collections::BTreeMap<String, Vec<FieldError>>, required = false)]
    validation_messages: Option<ValidationErrors>,
}

/// Either envelope of an error.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ErrorEnvelope {
    Unauthorized(UnauthorizedReply),
    Other(ErrorReply),
}

impl ErrorEnvelope {
    fn unauthorized(code: &'static str, error: &'static str) -> Self {
        Self::Unauthorized(UnauthorizedReply { data: UnauthorizedData { code, error, more: EmptyObject {} } })
    }

    /// Invalid fields.
    pub(super) fn of_validation(errors: &ValidationErrors) -> Self {
        Self::Other(ErrorReply {
            error: ErrorBody {
                code: "VALIDATION_ERROR",
                message: "You have validation errors in your submission".to_owned(),
                validation_messages: Some(errors.clone()),
            },
        })
    }

    /// A refused credential.
    pub(super) fn of_credential(error: CredentialError) -> Self {
        match error {
            CredentialError::Credentials => {
                Self::unauthorized("AUTHENTICATION_FAILED", "Invalid Credentials")
            }
            CredentialError::ExistingPassword => {
                Self::unauthorized("INVALID_EXISTING_PASSWORD", "Invalid existing password")
            }
            CredentialError::Code => Self::unauthorized("INVALID_CODE", "Invalid CODE"),
        }
    }

    /// An error that any request may meet.
    pub(super) fn of(error: &ApiError) -> Self {
        if matches!(error, ApiError::Unauthenticated { .. }) {
            return Self::unauthorized(error.code(), AuthSurface::UNAUTHENTICATED);
        }
        let code = error.code();
        let message = error.message::<AuthSurface>().into_owned();
        Self::Other(ErrorReply { error: ErrorBody { code, message, validation_messages: None } })
    }
}

impl Surface for AuthSurface {
    type Error = AuthError;

    const UNAUTHENTICATED: &'static str = "A valid access token is required";
    const UNSUPPORTED_MEDIA_TYPE: &'static str =
        "The request body must be sent as application/json, without a content coding.";

    fn answer(error: &ApiError) -> HttpResponse {
        json(error.response(), &ErrorEnvelope::of(error))
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid(_) => "fields are invalid",
            Self::Refused(_) => "a credential was refused",
            Self::ApiError(_) => "the request failed",
        })
    }
}

impl ResponseError for AuthError {
    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Invalid(errors) => {
                json(HttpResponse::UnprocessableEntity(), &ErrorEnvelope::of_validation(errors))
            }
            Self::Refused(error) => json(HttpResponse::Unauthorized(), &ErrorEnvelope::of_credential(*error)),
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

impl From<Infallible> for AuthError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
