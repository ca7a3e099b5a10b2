use actix_cors::Cors;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, HeaderMap, HeaderName, LINK, RETRY_AFTER,
    WWW_AUTHENTICATE,
};

use super::telemetry::X_REQUEST_ID;

/// How long browsers may cache the answer to a preflight request, in seconds.
const MAX_AGE: usize = 600;

/// Allows requests from pages of these origins, with any header field: tracing and HTTP libraries add fields of their
/// own, and no field but `Authorization` grants access. Cookies are not used.
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

/// Removes the CORS fields that the library adds to every answer, for origins that are not allowed.
pub(super) fn hide_from_other_origins(headers: &mut HeaderMap) {
    if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.remove(ACCESS_CONTROL_EXPOSE_HEADERS);
    }
}
