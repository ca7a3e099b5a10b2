use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;

use crate::core::{ApiError, Surface};

/// The envelope of the admin listener: problem details (RFC 9457).
pub(super) struct AdminSurface;

/// Why a request to the admin listener fails.
#[derive(Debug)]
pub(super) struct AdminError(ApiError);

/// Problem details (RFC 9457). Its type is `about:blank`, so that the title is that of the status.
#[derive(Serialize)]
struct Problem<'a> {
    title: &'a str,
    status: u16,
    /// The name of the error, for programs.
    code: &'a str,
    detail: &'a str,
}

/// An answer with problem details.
pub(super) fn problem(
    mut response: HttpResponseBuilder,
    status: StatusCode,
    code: &str,
    detail: &str,
) -> HttpResponse {
    let title = status.canonical_reason().unwrap_or_default();
    response.insert_header((CONTENT_TYPE, "application/problem+json")).json(Problem {
        title,
        status: status.as_u16(),
        code,
        detail,
    })
}

impl Surface for AdminSurface {
    type Error = AdminError;

    const UNAUTHENTICATED: &'static str = "A valid API key is required.";
    const UNSUPPORTED_MEDIA_TYPE: &'static str =
        "The request body must be sent as application/json, without a content coding.";

    fn answer(error: &ApiError) -> HttpResponse {
        problem(error.response(), error.status(), error.code(), &error.message::<Self>())
    }
}

impl From<ApiError> for AdminError {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code())
    }
}

impl ResponseError for AdminError {
    fn status_code(&self) -> StatusCode {
        self.0.status()
    }

    fn error_response(&self) -> HttpResponse {
        AdminSurface::answer(&self.0)
    }
}
