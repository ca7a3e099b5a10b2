use std::fmt;

use actix_web::{HttpResponse, ResponseError};
use asteroid_application::ports::practice::{ClientsError, TermsGateError};
use asteroid_application::ports::{SignInError, SignedSignInError};
use asteroid_kernel::{StorageError, in_one_line};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::core::{ApiError, Surface, json};

/// Why this surface does not do what was asked.
#[derive(Debug)]
pub(super) enum PracticeApiError {
    /// Parameters are invalid.
    Invalid(ParamErrors),
    /// Something was refused.
    Refused(AccessError),
    /// What can go wrong anywhere.
    ApiError(ApiError),
}

/// What was refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum AccessError {
    /// An e-mail address with a password.
    Credentials,
    /// What lies behind the terms.
    TermsNotAccepted,
    /// What another role may see.
    Role,
}

/// What is wrong with parameters, by their names, in the order in which it was found.
#[derive(Clone, Debug, Default)]
pub(super) struct ParamErrors(Vec<(&'static str, Vec<String>)>);

impl ParamErrors {
    /// Nothing but this.
    pub(super) fn of(name: &'static str, error: &str) -> Self {
        Self(vec![(name, vec![error.to_owned()])])
    }

    /// Adds errors of a parameter, each said so that it can follow the parameter's name.
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

    /// Nothing, if nothing is wrong.
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

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub(super) struct FailureReply {
    /// A sentence for a person.
    #[schema(example = "You need to sign in before continuing.")]
    error: String,
}

/// What is wrong with parameters.
#[derive(Serialize, ToSchema)]
pub(super) struct InvalidReply {
    /// By the name of the parameter: what can follow it in a sentence.
    #[schema(value_type = std::collections::BTreeMap<String, Vec<String>>)]
    errors: ParamErrors,
}

impl FailureReply {
    fn new(error: impl Into<String>) -> Self {
        Self { error: error.into() }
    }

    /// What is said of a refusal.
    pub(super) fn to_access_error(refusal: AccessError) -> Self {
        Self::new(match refusal {
            AccessError::Credentials => "Invalid email or password.",
            AccessError::TermsNotAccepted => "You must accept the terms before using this endpoint.",
            AccessError::Role => "You are not authorized to see clients.",
        })
    }

    /// What is said of what can go wrong anywhere.
    pub(super) fn to_error(error: &ApiError) -> Self {
        Self::new(error.message::<PracticeApiSurface>())
    }
}

impl InvalidReply {
    /// What is said of invalid parameters.
    pub(super) fn to_errors(errors: &ParamErrors) -> Self {
        Self { errors: errors.clone() }
    }
}

impl Surface for PracticeApiSurface {
    const UNAUTHENTICATED: &'static str = "You need to sign in before continuing.";
    const UNSUPPORTED_MEDIA_TYPE: &'static str = "The request body must be sent as application/json or application/x-www-form-urlencoded, without a \
         content coding.";

    fn answer(error: &ApiError) -> HttpResponse {
        json(error.response(), &FailureReply::to_error(error))
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
            Self::Invalid(errors) => {
                json(HttpResponse::UnprocessableEntity(), &InvalidReply::to_errors(errors))
            }
            Self::Refused(refusal) => {
                let response = match refusal {
                    AccessError::Credentials => HttpResponse::Unauthorized(),
                    AccessError::TermsNotAccepted | AccessError::Role => HttpResponse::Forbidden(),
                };
                json(response, &FailureReply::to_access_error(*refusal))
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

impl From<SignedSignInError> for PracticeApiError {
    fn from(error: SignedSignInError) -> Self {
        match error {
            SignedSignInError::SignIn(SignInError::InvalidCredentials) => {
                Self::Refused(AccessError::Credentials)
            }
            SignedSignInError::SignIn(SignInError::TooManyAttempts { retry_after }) => {
                ApiError::TooManyRequests { retry_after }.into()
            }
            SignedSignInError::SignIn(SignInError::Hashing(error)) => Self::ApiError(error.into()),
            SignedSignInError::SignIn(SignInError::Storage(error)) => error.into(),
            SignedSignInError::Signing(error) => {
                tracing::error!("{}", in_one_line(&error));
                Self::ApiError(ApiError::Broken)
            }
        }
    }
}

impl From<TermsGateError> for PracticeApiError {
    fn from(error: TermsGateError) -> Self {
        match error {
            TermsGateError::NotAccepted => Self::Refused(AccessError::TermsNotAccepted),
            TermsGateError::Storage(error) => error.into(),
        }
    }
}

impl From<ClientsError> for PracticeApiError {
    fn from(error: ClientsError) -> Self {
        match error {
            ClientsError::Forbidden => Self::Refused(AccessError::Role),
            ClientsError::NotFound => Self::ApiError(ApiError::NotFound),
            ClientsError::Storage(error) => error.into(),
        }
    }
}
