use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    self, ALLOW, CACHE_CONTROL, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use asteroid_identity::{HashingError, SigningError};
use asteroid_kernel::{StorageError, in_one_line};
use serde::Serialize;

use super::MalformedJson;
use crate::wire::HeadError;

/// An error that any request may meet on any surface.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// The body is not a JSON object.
    MalformedJson(MalformedJson),
    /// No valid token.
    Unauthenticated {
        /// Whether a token was sent.
        token_sent: bool,
    },
    /// A browser sent the request for a page whose origin is not allowed.
    ForbiddenOrigin,
    /// The resource does not exist, or the caller may not see it.
    NotFound,
    /// The resource does not support the method.
    MethodNotAllowed {
        /// The methods that it supports.
        allow: HeaderValue,
    },
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body is too long.
    BodyTooLarge {
        /// The largest size in bytes.
        limit: usize,
    },
    /// The surface does not read bodies of this media type.
    UnsupportedMediaType,
    /// A rate limit was reached.
    TooManyRequests {
        /// The time until a retry can succeed.
        retry_after: Duration,
    },
    /// The head of the request is invalid.
    InvalidHead(HeadError),
    /// The header fields are too long.
    HeadersTooLarge {
        /// The largest size in bytes.
        limit: usize,
    },
    /// An unexpected error. The log has its cause.
    Internal,
    /// The server is overloaded, the store is unavailable, or the use cases took too long.
    Unavailable {
        /// The time until a retry can succeed.
        retry_after: Duration,
    },
}

/// How a surface answers errors: each has an envelope of its own.
pub(crate) trait Surface: 'static {
    /// Why a request to it fails.
    type Error: ResponseError + From<ApiError> + 'static;

    /// The message for a request without a valid token.
    const UNAUTHENTICATED: &'static str;
    /// The message for a body of another media type.
    const UNSUPPORTED_MEDIA_TYPE: &'static str;

    /// The answer to a request that failed with this error.
    fn answer(error: &ApiError) -> HttpResponse;
}

/// The time to wait after the store was busy.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);
/// The time to wait after the store was unavailable, or did not answer in time.
const UNAVAILABLE_RETRY_AFTER: Duration = Duration::from_secs(5);

impl ApiError {
    /// The use cases took too long.
    pub(crate) const TIMEOUT: Self = Self::Unavailable { retry_after: UNAVAILABLE_RETRY_AFTER };

    /// The answer without its body: the status, and the header fields of this error.
    pub(crate) fn response(&self) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(self.status());
        response.insert_header((CACHE_CONTROL, "no-store"));
        match self {
            Self::Unauthenticated { token_sent: false } => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            Self::Unauthenticated { token_sent: true } => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
            }
            Self::MethodNotAllowed { allow } => {
                response.insert_header((ALLOW, allow.clone()));
            }
            Self::TooManyRequests { retry_after } => {
                let seconds = whole_seconds(*retry_after);
                response.insert_header((RETRY_AFTER, seconds));
                let state = format!("\"default\";r=0;t={seconds}");
                response.insert_header((HeaderName::from_static("ratelimit"), state));
            }
            Self::Unavailable { retry_after } => {
                response.insert_header((RETRY_AFTER, whole_seconds(*retry_after)));
            }
            // Nothing after an invalid head or body can be read.
            Self::InvalidHead(_) | Self::MalformedJson(MalformedJson::Incomplete) => {
                response.force_close();
            }
            Self::MalformedJson(_)
            | Self::ForbiddenOrigin
            | Self::NotFound
            | Self::BodyTimeout
            | Self::BodyTooLarge { .. }
            | Self::UnsupportedMediaType
            | Self::HeadersTooLarge { .. }
            | Self::Internal => {}
        }
        response
    }

    /// Its name, for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated { .. } => "UNAUTHENTICATED",
            Self::MalformedJson(_) => "MALFORMED_JSON",
            Self::ForbiddenOrigin => "FORBIDDEN_ORIGIN",
            Self::NotFound => "NOT_FOUND",
            Self::MethodNotAllowed { .. } => "METHOD_NOT_ALLOWED",
            Self::BodyTimeout | Self::InvalidHead(HeadError::Timeout) => "REQUEST_TIMEOUT",
            Self::BodyTooLarge { .. } => "PAYLOAD_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::TooManyRequests { .. } => "TOO_MANY_REQUESTS",
            Self::InvalidHead(HeadError::TargetTooLong) => "TARGET_TOO_LONG",
            Self::InvalidHead(
                HeadError::Syntax | HeadError::Target | HeadError::Host | HeadError::BodyLength,
            ) => "MALFORMED_REQUEST",
            Self::InvalidHead(HeadError::FieldsTooLarge) | Self::HeadersTooLarge { .. } => {
                "HEADERS_TOO_LARGE"
            }
            Self::Internal => "INTERNAL_ERROR",
            Self::Unavailable { .. } => "SERVICE_UNAVAILABLE",
        }
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::MalformedJson(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated { .. } => StatusCode::UNAUTHORIZED,
            Self::ForbiddenOrigin => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::InvalidHead(error) => error.status(),
            Self::HeadersTooLarge { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Whole seconds, rounded up, at least one, so that a retry is never too early.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).max(1)
}

/// An answer with a JSON body.
pub(crate) fn json(mut response: HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    response.insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8")).json(body)
}

/// The cause is logged, and not answered.
impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        match &error {
            StorageError::Busy => {
                tracing::warn!("{error}");
                Self::Unavailable { retry_after: BUSY_RETRY_AFTER }
            }
            StorageError::Unavailable(_) => {
                tracing::error!("{}", in_one_line(&error));
                Self::Unavailable { retry_after: UNAVAILABLE_RETRY_AFTER }
            }
            StorageError::Failed(_) => {
                tracing::error!("{}", in_one_line(&error));
                Self::Internal
            }
        }
    }
}

/// The cause is logged, and not answered.
impl From<SigningError> for ApiError {
    fn from(error: SigningError) -> Self {
        tracing::error!("{}", in_one_line(&error));
        Self::Internal
    }
}

/// The cause is logged, and not answered.
impl From<HashingError> for ApiError {
    fn from(error: HashingError) -> Self {
        match &error {
            HashingError::Overloaded { retry_after } => {
                tracing::warn!("{error}");
                Self::Unavailable { retry_after: *retry_after }
            }
            HashingError::Failed(_) => {
                tracing::error!("{}", in_one_line(&error));
                Self::Internal
            }
        }
    }
}

impl From<MalformedJson> for ApiError {
    fn from(error: MalformedJson) -> Self {
        Self::MalformedJson(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_in_whole_seconds_rounded_up() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }
}
