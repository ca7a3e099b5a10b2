use std::convert::Infallible;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use asteroid_identity::Scope;
use asteroid_kernel::StorageError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::core::{ApiError, EndpointError, Surface};

/// The answer of a handler of this surface. `E` is the error of its operation.
pub(crate) type AdminResult<E = Infallible> = Result<HttpResponse, EndpointError<AdminSurface, E>>;

/// The envelope of the admin listener: problem details (RFC 9457).
pub(crate) struct AdminSurface;

/// Why a request to the admin listener fails.
#[derive(Debug)]
pub(crate) enum AdminError {
    /// An error that any request may meet.
    Api(ApiError),
    /// The admin key does not have the scope.
    MissingScope(Scope),
    /// Fields or parameters are invalid.
    Invalid(Vec<InvalidField>),
    /// The request does not fit the state of what it is about.
    Refused { status: StatusCode, code: &'static str, detail: String },
}

/// Problem details (RFC 9457). Its type is `about:blank`, so that the title is that of the status.
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The title of the status.
    #[schema(example = "Not Found")]
    title: &'static str,
    /// The status.
    #[schema(example = 404)]
    status: u16,
    /// The name of the error, for programs.
    #[schema(example = "NOT_FOUND")]
    code: &'static str,
    /// A sentence, for people.
    #[schema(example = "There is nothing here, or nothing that you may see.")]
    detail: String,
    /// The fields or parameters that are invalid. Only where some are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<InvalidField>,
}

/// What is wrong with a field of the body, a parameter, or a header field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InvalidField {
    /// Its name; empty if it is not known.
    #[schema(example = "contacts[0]")]
    pub(crate) field: String,
    /// What is wrong.
    #[schema(example = "not a phone number")]
    pub(crate) detail: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or_default();
        Self { title, status: status.as_u16(), code, detail: detail.into(), errors: Vec::new() }
    }

    /// The answer with these problem details.
    pub(super) fn answer(&self, mut response: HttpResponseBuilder) -> HttpResponse {
        response.insert_header((CONTENT_TYPE, "application/problem+json")).json(self)
    }
}

impl Surface for AdminSurface {
    type Error = AdminError;

    const UNAUTHENTICATED: &'static str = "A valid API key is required.";
    const UNSUPPORTED_MEDIA_TYPE: &'static str =
        "The request body must be sent as application/json, without a content coding.";

    fn answer(error: &ApiError) -> HttpResponse {
        Problem::new(error.status(), error.code(), error.message::<Self>()).answer(error.response())
    }
}

impl AdminError {
    /// This field alone is invalid.
    pub(crate) fn invalid(field: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![InvalidField { field: field.to_owned(), detail: detail.into() }])
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Api(error) => error.code(),
            Self::MissingScope(_) => "MISSING_SCOPE",
            Self::Invalid(_) => "VALIDATION_ERROR",
            Self::Refused { code, .. } => code,
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Api(error) => error.message::<AdminSurface>().into(),
            Self::MissingScope(scope) => format!("The admin key does not have the scope {}.", scope.as_str()),
            Self::Invalid(_) => "Fields or parameters are invalid.".to_owned(),
            Self::Refused { detail, .. } => detail.clone(),
        }
    }

    /// The problem details.
    pub(crate) fn problem(&self) -> Problem {
        let problem = Problem::new(self.status_code(), self.code(), self.detail());
        match self {
            Self::Invalid(errors) => Problem { errors: errors.clone(), ..problem },
            Self::Api(_) | Self::MissingScope(_) | Self::Refused { .. } => problem,
        }
    }
}

impl From<ApiError> for AdminError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<StorageError> for AdminError {
    fn from(error: StorageError) -> Self {
        Self::Api(error.into())
    }
}

/// What goes wrong before the use case of the operation is called.
impl<E> From<AdminError> for EndpointError<AdminSurface, E> {
    fn from(error: AdminError) -> Self {
        Self::new(error)
    }
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl ResponseError for AdminError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Api(error) => error.status(),
            Self::MissingScope(_) => StatusCode::FORBIDDEN,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Refused { status, .. } => *status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = match self {
            Self::Api(error) => error.response(),
            Self::MissingScope(_) | Self::Invalid(_) | Self::Refused { .. } => {
                HttpResponse::build(self.status_code())
            }
        };
        response.insert_header((CACHE_CONTROL, "no-store"));
        self.problem().answer(response)
    }
}
