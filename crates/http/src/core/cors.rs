use actix_cors::Cors;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, HeaderMap, HeaderName, LINK, RETRY_AFTER,
    WWW_AUTHENTICATE,
};

use super::telemetry::X_REQUEST_ID;

/// How long browsers may remember what they were allowed, in seconds.
const MAX_AGE: usize = 600;

/// Lets pages of these origins call from a browser, with any header field: tracing and HTTP libraries add fields of
/// their own, and no field but `Authorization` gives a right. Cookies play no part.
pub(crate) fn cors(origins: &[String]) -> Cors {
    origins
        .iter()
        .fold(Cors::default(), |cors, origin| cors.allowed_origin(origin))
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "DELETE"])
        .allow_any_header()
        .expose_headers([
            X_REQUEST_ID,
            LINK,
            RETRY_AFTER,
            WWW_AUTHENTICATE,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
        ])
        .max_age(MAX_AGE)
}

/// Takes back what the library tells every caller, from those whose origin is not allowed.
pub(super) fn hide_from_other_origins(headers: &mut HeaderMap) {
    if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.remove(ACCESS_CONTROL_EXPOSE_HEADERS);
    }
}
