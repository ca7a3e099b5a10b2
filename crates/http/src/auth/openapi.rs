use std::time::Duration;

use utoipa::OpenApi;
use utoipa::openapi::Response;

use super::error::{AuthSurface, ErrorEnvelope, ErrorReply, UnauthorizedReply};
use super::fields::FIRST_NAME;
use super::validation::ValidationErrors;
use super::{AuthUseCases, endpoints};
use crate::HttpSettings;
use crate::core::openapi::{DocumentedSurface, SharedResponse, describe, response};
use crate::core::{ApiError, MalformedJson};

#[derive(OpenApi)]
#[openapi(
    components(schemas(ErrorReply, UnauthorizedReply)),
    tags(
        (name = "Authentication", description = "These routes deal with authentication."),
        (name = "Sessions", description = "Where the user is signed in."),
    )
)]
struct AuthApi;

/// The description of this surface.
pub(crate) fn openapi<A: AuthUseCases>(settings: &HttpSettings) -> utoipa::openapi::OpenApi {
    describe(AuthApi::openapi(), endpoints::<A>(), settings)
}

impl DocumentedSurface for AuthSurface {
    fn shared_response(response: SharedResponse, settings: &HttpSettings) -> (&'static str, Response) {
        let retry_after = Duration::from_secs(30);
        match response {
            SharedResponse::MalformedJson => {
                let error = ApiError::MalformedJson(MalformedJson::Syntax { line: 1, column: 1 });
                ("MalformedJson", of("The body is not a JSON object", &error))
            }
            SharedResponse::Unauthenticated => {
                let error = ApiError::Unauthenticated { token_sent: false };
                ("Unauthenticated", of("No valid access token", &error))
            }
            SharedResponse::Forbidden => {
                ("Forbidden", of("The origin of the page is not allowed", &ApiError::ForbiddenOrigin))
            }
            SharedResponse::NotFound => {
                ("NotFound", of("Nothing here that the caller may see", &ApiError::NotFound))
            }
            SharedResponse::RequestTimeout => {
                ("RequestTimeout", of("The body did not arrive in time", &ApiError::BodyTimeout))
            }
            SharedResponse::PayloadTooLarge => {
                let error = ApiError::BodyTooLarge { limit: settings.body_limit };
                ("PayloadTooLarge", of("The body is too long", &error))
            }
            SharedResponse::UnsupportedMediaType => {
                ("UnsupportedMediaType", of("The body is not JSON", &ApiError::UnsupportedMediaType))
            }
            SharedResponse::Invalid => {
                let errors = ErrorEnvelope::of_validation(&ValidationErrors::missing(&FIRST_NAME));
                ("ValidationError", self::response("Fields are invalid", "ErrorReply", &errors).build())
            }
            SharedResponse::TooManyRequests => {
                let error = ApiError::TooManyRequests { retry_after };
                ("TooManyRequests", of("A rate limit was reached", &error))
            }
            SharedResponse::InternalError => ("InternalError", of("An unexpected error", &ApiError::Broken)),
            SharedResponse::ServiceUnavailable => (
                "ServiceUnavailable",
                of("The server is overloaded, or its store is unavailable", &ApiError::SLOW),
            ),
        }
    }
}

fn of(description: &str, error: &ApiError) -> Response {
    let envelope = ErrorEnvelope::of(error);
    let schema = match envelope {
        ErrorEnvelope::Unauthorized(_) => "UnauthorizedReply",
        ErrorEnvelope::Other(_) => "ErrorReply",
    };
    error.describe(response(description, schema, &envelope))
}
