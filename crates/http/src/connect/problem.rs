use std::fmt;

use actix_web::{HttpResponse, ResponseError};
use asteroid_application::ports::practice::{ClientsError, TermsGateError};
use asteroid_application::ports::{SignInError, SignedSignInError};
use asteroid_kernel::{StorageError, in_one_line};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::web::{Fault, Surface, json};

/// Why this surface does not do what was asked.
#[derive(Debug)]
pub(super) enum Problem {
    /// Parameters are invalid.
    Invalid(Errors),
    /// Something was refused.
    Refused(Refusal),
    /// What can go wrong anywhere.
    Fault(Fault),
}

/// What was refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refusal {
    /// An e-mail address with a password.
    Credentials,
    /// What lies behind the terms.
    TermsNotAccepted,
    /// What another role may see.
    Role,
}

/// What is wrong with parameters, by their names, in the order in which it was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Errors(Vec<(&'static str, Vec<String>)>);

impl Errors {
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
    pub(super) fn none(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::Invalid(self)) }
    }
}

impl Serialize for Errors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, errors)| (name, errors)))
    }
}

/// The envelopes of this surface.
pub(crate) struct ConnectSurface;

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
    errors: Errors,
}

impl FailureReply {
    fn new(error: impl Into<String>) -> Self {
        Self { error: error.into() }
    }

    /// What is said of a refusal.
    pub(super) fn to_refusal(refusal: Refusal) -> Self {
        Self::new(match refusal {
            Refusal::Credentials => "Invalid email or password.",
            Refusal::TermsNotAccepted => "You must accept the terms before using this endpoint.",
            Refusal::Role => "You are not authorized to see clients.",
        })
    }

    /// What is said of what can go wrong anywhere.
    pub(super) fn to_fault(fault: &Fault) -> Self {
        Self::new(fault.words::<ConnectSurface>())
    }
}

impl InvalidReply {
    /// What is said of invalid parameters.
    pub(super) fn to_errors(errors: &Errors) -> Self {
        Self { errors: errors.clone() }
    }
}

impl Surface for ConnectSurface {
    const UNAUTHENTICATED: &'static str = "You need to sign in before continuing.";
    const UNSUPPORTED_MEDIA_TYPE: &'static str = "The request body must be sent as application/json or application/x-www-form-urlencoded, without a \
         content coding.";

    fn answer(fault: &Fault) -> HttpResponse {
        json(fault.response(), &FailureReply::to_fault(fault))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid(_) => "parameters are invalid",
            Self::Refused(_) => "the request was refused",
            Self::Fault(_) => "the request failed",
        })
    }
}

impl ResponseError for Problem {
    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Invalid(errors) => {
                json(HttpResponse::UnprocessableEntity(), &InvalidReply::to_errors(errors))
            }
            Self::Refused(refusal) => {
                let response = match refusal {
                    Refusal::Credentials => HttpResponse::Unauthorized(),
                    Refusal::TermsNotAccepted | Refusal::Role => HttpResponse::Forbidden(),
                };
                json(response, &FailureReply::to_refusal(*refusal))
            }
            Self::Fault(fault) => ConnectSurface::answer(fault),
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

impl From<SignedSignInError> for Problem {
    fn from(error: SignedSignInError) -> Self {
        match error {
            SignedSignInError::SignIn(SignInError::InvalidCredentials) => Self::Refused(Refusal::Credentials),
            SignedSignInError::SignIn(SignInError::TooManyAttempts { retry_after }) => {
                Fault::TooManyRequests { retry_after }.into()
            }
            SignedSignInError::SignIn(SignInError::Hashing(error)) => Self::Fault(error.into()),
            SignedSignInError::SignIn(SignInError::Storage(error)) => error.into(),
            SignedSignInError::Signing(error) => {
                tracing::error!("{}", in_one_line(&error));
                Self::Fault(Fault::Broken)
            }
        }
    }
}

impl From<TermsGateError> for Problem {
    fn from(error: TermsGateError) -> Self {
        match error {
            TermsGateError::NotAccepted => Self::Refused(Refusal::TermsNotAccepted),
            TermsGateError::Storage(error) => error.into(),
        }
    }
}

impl From<ClientsError> for Problem {
    fn from(error: ClientsError) -> Self {
        match error {
            ClientsError::Forbidden => Self::Refused(Refusal::Role),
            ClientsError::NotFound => Self::Fault(Fault::NotFound),
            ClientsError::Storage(error) => error.into(),
        }
    }
}
