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

/// What can go wrong with a request on any surface, apart from what its use case decides.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// The body is no JSON object.
    MalformedJson(MalformedJson),
    /// No token that opens a session.
    Unauthenticated {
        /// Whether there was a token at all.
        token_sent: bool,
    },
    /// A browser asks for a page of an origin that may not call.
    ForbiddenOrigin,
    /// Nothing is there, or nothing that the caller may see.
    NotFound,
    /// What is there does not answer to the method.
    MethodNotAllowed {
        /// The methods that it answers to.
        allow: HeaderValue,
    },
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body is too long.
    BodyTooLarge {
        /// The most bytes.
        limit: usize,
    },
    /// The body is of another type than the surface reads.
    UnsupportedMediaType,
    /// A limit was met.
    TooManyRequests {
        /// When trying again makes sense.
        retry_after: Duration,
    },
    /// The request was refused for its head.
    InvalidHead(HeadError),
    /// The header fields are too long.
    HeadersTooLarge {
        /// The most bytes.
        limit: usize,
    },
    /// Something broke; what, is in the log.
    Broken,
    /// Busy, out of reach, or too slow.
    Unavailable {
        /// When trying again makes sense.
        retry_after: Duration,
    },
}

/// How a surface says what is wrong: each in an envelope of its own.
pub(crate) trait Surface: 'static {
    /// Why a request to it fails.
    type Error: ResponseError + From<ApiError> + 'static;

    /// What it says to those who prove no session.
    const UNAUTHENTICATED: &'static str;
    /// What it says of a body of another type than it reads.
    const UNSUPPORTED_MEDIA_TYPE: &'static str;

    /// The whole answer to a request that failed so.
    fn answer(error: &ApiError) -> HttpResponse;
}

/// When trying again makes sense after the store was busy.
const SOON: Duration = Duration::from_secs(1);
/// When trying again makes sense after the store was out of reach, or did not answer.
const LATER: Duration = Duration::from_secs(5);

impl ApiError {
    /// The use cases took longer than they may.
    pub(crate) const SLOW: Self = Self::Unavailable { retry_after: LATER };

    /// The answer without a body: the status, and the header fields that belong to it.
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
            // Nothing behind a broken head or body can be read.
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
            | Self::Broken => {}
        }
        response
    }

    fn status(&self) -> StatusCode {
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
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Whole seconds, rounded up, at least one: trying again then is never too early.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).max(1)
}

/// An answer with a JSON body.
pub(crate) fn json(mut response: HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    response.insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8")).json(body)
}

/// The cause goes to the log and no further.
impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        match &error {
            StorageError::Busy => {
                tracing::warn!("{error}");
                Self::Unavailable { retry_after: SOON }
            }
            StorageError::Unavailable(_) => {
                tracing::error!("{}", in_one_line(&error));
                Self::Unavailable { retry_after: LATER }
            }
            StorageError::Failed(_) => {
                tracing::error!("{}", in_one_line(&error));
                Self::Broken
            }
        }
    }
}

/// The cause goes to the log and no further.
impl From<SigningError> for ApiError {
    fn from(error: SigningError) -> Self {
        tracing::error!("{}", in_one_line(&error));
        Self::Broken
    }
}

impl From<HashingError> for ApiError {
    fn from(error: HashingError) -> Self {
        match &error {
            HashingError::Overloaded { retry_after } => {
                tracing::warn!("{error}");
                Self::Unavailable { retry_after: *retry_after }
            }
            HashingError::Failed(_) => {
                tracing::error!("{}", in_one_line(&error));
                Self::Broken
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
    fn a_wait_is_told_in_whole_seconds_rounded_up() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }
}
