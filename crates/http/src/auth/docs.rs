use std::time::Duration;

use utoipa::openapi::Response;
use utoipa::{Modify, OpenApi};

use super::error::{ErrorReply, Reply, UnauthorizedReply};
use super::fields::FIRST_NAME;
use super::form::ValidationErrors;
use super::handlers;
use crate::core::docs::{add_errors, add_response, operations, response};
use crate::core::{ApiError, MalformedJson};

/// What this surface offers.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    AuthApi::openapi()
}

#[derive(OpenApi)]
#[openapi(
    paths(
        handlers::register,
        handlers::login,
        handlers::logout,
        handlers::me,
        handlers::change_password,
        handlers::forgot_password,
        handlers::reset_password,
        handlers::send_codes,
        handlers::send_autofill_codes,
        handlers::verify_code,
        handlers::list_sessions,
        handlers::end_session,
        handlers::end_other_sessions,
    ),
    components(schemas(ErrorReply, UnauthorizedReply)),
    tags(
        (name = "Authentication", description = "These routes deal with authentication."),
        (name = "Sessions", description = "Where the user is signed in."),
    ),
    modifiers(&SharedResponses),
)]
struct AuthApi;

/// The operations behind which limits are kept.
const LIMITED: [&str; 6] =
    ["register", "login", "change_password", "forgot_password", "send_codes", "send_autofill_codes"];

/// Adds to every operation what can go wrong with it as with any other.
struct SharedResponses;

impl Modify for SharedResponses {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        add_errors(openapi, "", responses());
        for operation in operations(openapi) {
            if operation.request_body.is_some() {
                add_response(operation, "422", "ValidationError");
            }
            if operation.parameters.is_some() {
                add_response(operation, "404", "NotFound");
            }
            if operation.operation_id.as_deref().is_some_and(|id| LIMITED.contains(&id)) {
                add_response(operation, "429", "TooManyRequests");
            }
        }
    }
}

/// The answers that operations share, each with what the surface really says as its example.
fn responses() -> [(&'static str, Response); 10] {
    let retry_after = Duration::from_secs(30);
    let errors = Reply::to_validation_errors(&ValidationErrors::missing(&FIRST_NAME));
    [
        (
            "MalformedJson",
            of(
                "The body is no JSON object",
                &ApiError::MalformedJson(MalformedJson::Syntax { line: 1, column: 1 }),
            ),
        ),
        ("Unauthenticated", of("No valid access token", &ApiError::Unauthenticated { token_sent: false })),
        ("NotFound", of("Nothing here that the caller may see", &ApiError::NotFound)),
        ("RequestTimeout", of("The body did not arrive in time", &ApiError::BodyTimeout)),
        ("PayloadTooLarge", of("The body is too long", &ApiError::BodyTooLarge { limit: 16_384 })),
        ("UnsupportedMediaType", of("The body is no JSON", &ApiError::UnsupportedMediaType)),
        ("ValidationError", response("Fields are invalid", "ErrorReply", &errors).build()),
        ("TooManyRequests", of("A limit was met", &ApiError::TooManyRequests { retry_after })),
        ("InternalError", of("Something broke", &ApiError::Broken)),
        ("ServiceUnavailable", of("Busy, or out of reach", &ApiError::SLOW)),
    ]
}

fn of(description: &str, error: &ApiError) -> Response {
    let reply = Reply::to_error(error);
    let schema = match reply {
        Reply::Unauthorized(_) => "UnauthorizedReply",
        Reply::Error(_) => "ErrorReply",
    };
    error.describe(response(description, schema, &reply))
}
