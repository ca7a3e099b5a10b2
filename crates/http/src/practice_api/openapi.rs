use std::time::Duration;

use utoipa::OpenApi;
use utoipa::openapi::Response;

use super::error::{AccessError, FailureReply, INVALID, InvalidReply, ParamErrors, PracticeApiSurface};
use super::{AccountUseCases, PracticeUseCases, endpoints};
use crate::HttpSettings;
use crate::core::openapi::{DocumentedSurface, SharedResponse, describe, response};
use crate::core::{ApiError, MalformedJson};

#[derive(OpenApi)]
#[openapi(
    components(schemas(FailureReply, InvalidReply)),
    tags(
        (name = "Users", description = "Users of practices. Parameters may be sent as JSON, as a form \
            (`user[email]=…`), or under the same names in the query string."),
        (name = "Terms", description = "The terms that users accept."),
        (name = "Clients", description = "Clients of practices, and their patients."),
    )
)]
struct PracticeApi;

/// The description of this surface.
pub(crate) fn openapi<A: AccountUseCases, P: PracticeUseCases>(
    settings: &HttpSettings,
) -> utoipa::openapi::OpenApi {
    describe(PracticeApi::openapi(), endpoints::<A, P>(), settings)
}

impl DocumentedSurface for PracticeApiSurface {
    fn shared_response(shared: SharedResponse, settings: &HttpSettings) -> (&'static str, Response) {
        let retry_after = Duration::from_secs(30);
        match shared {
            SharedResponse::MalformedJson => {
                let error = ApiError::MalformedJson(MalformedJson::Syntax { line: 1, column: 1 });
                ("AsteroidMalformedJson", of("The body is not a JSON object", &error))
            }
            SharedResponse::Unauthenticated => {
                let error = ApiError::Unauthenticated { token_sent: false };
                ("AsteroidUnauthenticated", of("No valid token", &error))
            }
            SharedResponse::Forbidden => {
                let about = "The terms are not accepted, or another role is needed";
                let reply = FailureReply::of_access(AccessError::TermsNotAccepted);
                ("AsteroidForbidden", response(about, "FailureReply", &reply).build())
            }
            SharedResponse::NotFound => {
                ("AsteroidNotFound", of("Nothing here that the caller may see", &ApiError::NotFound))
            }
            SharedResponse::RequestTimeout => {
                ("AsteroidRequestTimeout", of("The body did not arrive in time", &ApiError::BodyTimeout))
            }
            SharedResponse::PayloadTooLarge => {
                let error = ApiError::BodyTooLarge { limit: settings.body_limit };
                ("AsteroidPayloadTooLarge", of("The body is too long", &error))
            }
            SharedResponse::UnsupportedMediaType => {
                let about = "The body is neither JSON nor a form";
                ("AsteroidUnsupportedMediaType", of(about, &ApiError::UnsupportedMediaType))
            }
            SharedResponse::Invalid => {
                let reply = InvalidReply::of(&ParamErrors::of("email", INVALID));
                ("AsteroidInvalid", response("Parameters are invalid", "InvalidReply", &reply).build())
            }
            SharedResponse::TooManyRequests => {
                let error = ApiError::TooManyRequests { retry_after };
                ("AsteroidTooManyRequests", of("A rate limit was reached", &error))
            }
            SharedResponse::InternalError => {
                ("AsteroidInternalError", of("An unexpected error", &ApiError::Broken))
            }
            SharedResponse::ServiceUnavailable => {
                let about = "The server is overloaded, or its store is unavailable";
                ("AsteroidServiceUnavailable", of(about, &ApiError::SLOW))
            }
        }
    }
}

fn of(description: &str, error: &ApiError) -> Response {
    error.describe(response(description, "FailureReply", &FailureReply::of(error)))
}
