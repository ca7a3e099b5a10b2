use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName};
use strum::{EnumString, IntoStaticStr};

/// The field that names the error of an invalid head, in the head that replaces it. It is removed from the requests of
/// clients.
pub(super) const HEAD_ERROR_FIELD: &str = "asteroid-head-error";

/// Why the head of a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum HeadError {
    /// It is not HTTP/1.
    Syntax,
    /// The target is neither a path nor a URL, or the method is `CONNECT`.
    Target,
    /// An HTTP/1.1 request without exactly one `Host` field.
    Host,
    /// The length of the body is missing, invalid, or given in two ways.
    BodyLength,
    /// The target is longer than [`MAX_TARGET`](super::MAX_TARGET).
    TargetTooLong,
    /// More than [`MAX_FIELDS`](super::MAX_FIELDS) fields, or too many bytes.
    FieldsTooLarge,
    /// It did not arrive in time.
    Timeout,
}

impl HeadError {
    pub(super) fn name(self) -> &'static str {
        self.into()
    }

    /// The error that this head was written for, if it replaces an invalid one.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        headers.get(HeaderName::from_static(HEAD_ERROR_FIELD))?.to_str().ok()?.parse().ok()
    }

    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Syntax | Self::Target | Self::Host | Self::BodyLength => StatusCode::BAD_REQUEST,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::FieldsTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
        }
    }
}
