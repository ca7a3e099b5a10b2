//! What the surface answers when a request fails.

use std::convert::Infallible;
use std::fmt;

use actix_web::{HttpResponse, ResponseError};
use asteroid_kernel::StorageError;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::core::{ApiError, EndpointError, Surface, json};

/// The error of a parameter with an invalid value.
pub(super) const INVALID: &str = "is invalid";
/// The error of a parameter with several values.
pub(super) const REPEATED: &str = "is given more than once";

/// The answer of a handler of this surface, which refuses nothing but `E` by itself.
pub(super) type PracticeApiResult<E = Infallible> =
    Result<HttpResponse, EndpointError<PracticeApiSurface, E>>;

/// Why a request to this surface fails.
#[derive(Debug)]
pub(crate) enum PracticeApiError {
    /// Parameters are invalid.
    Invalid(ParamErrors),
    /// Access was refused.
    Refused(AccessError),
    /// An error that any request may meet.
    ApiError(ApiError),
}

/// Why access was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AccessError {
    /// The e-mail address or the password is wrong.
    Credentials,
    /// The caller has not accepted the terms.
    TermsNotAccepted,
    /// The caller's role does not allow it.
    Role,
}

/// The errors of parameters by name, in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub(crate) struct ParamErrors(Vec<(&'static str, Vec<String>)>);

impl ParamErrors {
    /// A single error.
    pub(super) fn of(name: &'static str, error: &str) -> Self {
        Self(vec![(name, vec![error.to_owned()])])
    }

    /// Adds errors of a parameter. Each is worded to follow the parameter's name.
    pub(super) fn extend<E: Into<String>>(
        &mut self,
        name: &'static str,
        errors: impl IntoIterator<Item = E>,
    ) {
        for error in errors.into_iter().map(E::into) {
            match self.0.iter_mut().find(|(own, _)| *own == name) {
                Some((_, errors)) => errors.push(error),
                None => self.0.push((name, vec![error])),
            }
        }
    }

    /// Succeeds if there are no errors.
    pub(super) fn none(self) -> Result<(), PracticeApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(PracticeApiError::Invalid(self)) }
    }
}

impl Serialize for ParamErrors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, errors)| (name, errors)))
    }
}

/// The envelopes of this surface.
pub(crate) struct PracticeApiSurface;

/// An error.
#[derive(Serialize, ToSchema)]
pub(super) struct FailureReply {
    /// A sentence, for people.
    #[schema(example = "You need to sign in before continuing.")]
    error: String,
}

/// Invalid parameters.
#[derive(Serialize, ToSchema)]
pub(super) struct InvalidReply {
    /// The errors of each parameter, by its name.
    #[schema(value_type = std::collections::BTreeMap<String, Vec<String>>)]
    errors: ParamErrors,
}

impl FailureReply {
    fn new(error: impl Into<String>) -> Self {
        Self { error: error.into() }
    }

    /// A refused access.
    pub(super) fn of_access(error: AccessError) -> Self {
        Self::new(match error {
            AccessError::Credentials => "Invalid email or password.",
            AccessError::TermsNotAccepted => "You must accept the terms before using this endpoint.",
            AccessError::Role => "You are not authorized to see clients.",
        })
    }

    /// An error that any request may meet.
    pub(super) fn of(error: &ApiError) -> Self {
        Self::new(error.message::<PracticeApiSurface>())
    }
}

impl InvalidReply {
    /// Invalid parameters.
    pub(super) fn of(errors: &ParamErrors) -> Self {
        Self { errors: errors.clone() }
    }
}

impl Surface for PracticeApiSurface {
    type Error = PracticeApiError;

    const UNAUTHENTICATED: &'static str = "You need to sign in before continuing.";
    const UNSUPPORTED_MEDIA_TYPE: &'static str = "The request body must be sent as application/json or application/x-www-form-urlencoded, without a \
         content coding.";

    fn answer(error: &ApiError) -> HttpResponse {
        json(error.response(), &FailureReply::of(error))
    }
}

impl fmt::Display for PracticeApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid(_) => "parameters are invalid",
            Self::Refused(_) => "the request was refused",
            Self::ApiError(_) => "the request failed",
        })
    }
}

impl ResponseError for PracticeApiError {
    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Invalid(errors) => json(HttpResponse::UnprocessableEntity(), &InvalidReply::of(errors)),
            Self::Refused(error) => {
                let response = match error {
                    AccessError::Credentials => HttpResponse::Unauthorized(),
                    AccessError::TermsNotAccepted | AccessError::Role => HttpResponse::Forbidden(),
                };
                json(response, &FailureReply::of_access(*error))
            }
            Self::ApiError(error) => PracticeApiSurface::answer(error),
        }
    }
}

impl From<ApiError> for PracticeApiError {
    fn from(error: ApiError) -> Self {
        Self::ApiError(error)
    }
}

impl From<StorageError> for PracticeApiError {
    fn from(error: StorageError) -> Self {
        Self::ApiError(error.into())
    }
}

impl From<Infallible> for PracticeApiError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// 200 with a body.
pub(super) fn ok(body: &impl Serialize) -> HttpResponse {
    json(HttpResponse::Ok(), body)
}
