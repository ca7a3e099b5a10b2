use actix_cors::Cors;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, LINK, RETRY_AFTER, WWW_AUTHENTICATE};

use super::edge::X_REQUEST_ID;

/// How long browsers may remember what they were allowed, in seconds.
const MAX_AGE: usize = 600;

/// Lets pages of these origins call from a browser. Cookies play no part: who asks is in `Authorization` alone.
pub(crate) fn cors(origins: &[String]) -> Cors {
    origins
        .iter()
        .fold(Cors::default(), |cors, origin| cors.allowed_origin(origin))
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "DELETE"])
        .allowed_headers([AUTHORIZATION, CONTENT_TYPE, X_REQUEST_ID])
        .expose_headers([
            X_REQUEST_ID,
            LINK,
            RETRY_AFTER,
            WWW_AUTHENTICATE,
            HeaderName::from_static("ratelimit"),
        ])
        .max_age(MAX_AGE)
}
