use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName};

/// The field that names the error of a request whose head was replaced. The reader drops it from what clients send.
pub(super) const FAULT_FIELD: &str = "asteroid-head-error";

/// Why a request is refused for its head alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadError {
    /// It is not HTTP/1.
    Syntax,
    /// The target is neither a path nor a URL, or the method is `CONNECT`.
    Target,
    /// HTTP/1.1 without exactly one `Host`.
    Host,
    /// The length of the body is missing, unreadable or given in two ways.
    BodyLength,
    /// The target is longer than [`MAX_TARGET`](super::MAX_TARGET).
    TargetTooLong,
    /// More than [`MAX_FIELDS`](super::MAX_FIELDS) fields, or more bytes than are allowed.
    FieldsTooLarge,
    /// It did not arrive in time.
    Timeout,
}

impl HeadError {
    const ALL: [Self; 7] = [
        Self::Syntax,
        Self::Target,
        Self::Host,
        Self::BodyLength,
        Self::TargetTooLong,
        Self::FieldsTooLarge,
        Self::Timeout,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Target => "target",
            Self::Host => "host",
            Self::BodyLength => "body-length",
            Self::TargetTooLong => "target-too-long",
            Self::FieldsTooLarge => "fields-too-large",
            Self::Timeout => "timeout",
        }
    }

    /// The error of the head that this one stands for, if it stands for another.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let name = headers.get(HeaderName::from_static(FAULT_FIELD))?.as_bytes();
        Self::ALL.into_iter().find(|error| error.name().as_bytes() == name)
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
