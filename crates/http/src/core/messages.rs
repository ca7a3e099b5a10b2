use std::borrow::Cow;

use super::{ApiError, MalformedJson, Surface, whole_seconds};
use crate::wire::{HeadError, MAX_FIELDS, MAX_TARGET};

impl ApiError {
    /// The same for a person, in a sentence: where surfaces differ, in the message of this one.
    pub(crate) fn message<S: Surface>(&self) -> Cow<'static, str> {
        match self {
            Self::MalformedJson(reason) => reason.message(),
            Self::Unauthenticated { .. } => S::UNAUTHENTICATED.into(),
            Self::ForbiddenOrigin => "Pages of this origin must not send this request.".into(),
            Self::NotFound => "There is nothing here, or nothing that you may see.".into(),
            Self::MethodNotAllowed { allow } => {
                let allow = String::from_utf8_lossy(allow.as_bytes());
                format!("This resource answers to {allow} only.").into()
            }
            Self::BodyTimeout => "The request body did not arrive in time.".into(),
            Self::BodyTooLarge { limit } => {
                format!("The request body must have at most {limit} bytes.").into()
            }
            Self::UnsupportedMediaType => S::UNSUPPORTED_MEDIA_TYPE.into(),
            Self::TooManyRequests { retry_after } => {
                let seconds = whole_seconds(*retry_after);
                format!("Too many requests. Please try again in {seconds} s.").into()
            }
            Self::InvalidHead(error) => error.message(),
            Self::HeadersTooLarge { limit } => {
                format!("The header fields must have at most {limit} bytes.").into()
            }
            Self::Broken => "Something went wrong on our side.".into(),
            Self::Unavailable { .. } => "The service is temporarily unavailable. Please try again.".into(),
        }
    }
}

impl HeadError {
    fn message(self) -> Cow<'static, str> {
        match self {
            Self::Syntax => "The request is not valid HTTP/1.1.".into(),
            Self::Target => "The target of the request is neither a path nor a URL.".into(),
            Self::Host => "The request must have exactly one Host field.".into(),
            Self::BodyLength => {
                "The request must say how long its body is: by one Content-Length, or by Transfer-Encoding: chunked."
                    .into()
            }
            Self::TargetTooLong => {
                format!("The target of the request must have at most {MAX_TARGET} bytes.").into()
            }
            Self::FieldsTooLarge => {
                format!("The request has more than {MAX_FIELDS} header fields, or they are too long.").into()
            }
            Self::Timeout => "The header fields did not arrive in time.".into(),
        }
    }
}

impl MalformedJson {
    fn message(self) -> Cow<'static, str> {
        match self {
            Self::NotUtf8 => "The request body must be JSON in UTF-8; this is UTF-16 or UTF-32.".into(),
            Self::Incomplete => "The request body breaks off.".into(),
            Self::Syntax { line, column } => {
                format!("The request body is not valid JSON: line {line}, column {column}.").into()
            }
            Self::NotAnObject { line, column } => {
                format!("The request body must be a JSON object: line {line}, column {column}.").into()
            }
        }
    }
}
