use std::time::Duration;

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Content, Header, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::fields::FIRST_NAME;
use super::form::Flaws;
use super::handlers;
use super::problem::{ErrorReply, Reply, UnauthorizedReply};
use crate::web::{Fault, MalformedJson};

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
    modifiers(&Faults),
)]
struct AuthApi;

/// The operations behind which limits are kept.
const LIMITED: [&str; 6] =
    ["register", "login", "change_password", "forgot_password", "send_codes", "send_autofill_codes"];

/// Adds to every operation what can go wrong with it as with any other.
struct Faults;

impl Modify for Faults {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_with(Components::new);
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        components.responses.extend(responses().map(|(name, response)| (name.to_owned(), response.into())));

        let operations = openapi.paths.paths.values_mut().flat_map(|item| {
            [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten()
        });
        for operation in operations {
            add(operation, "500", "InternalError");
            add(operation, "503", "ServiceUnavailable");
            if operation.security.is_some() {
                add(operation, "401", "Unauthenticated");
            }
            if operation.request_body.is_some() {
                add(operation, "400", "MalformedJson");
                add(operation, "408", "RequestTimeout");
                add(operation, "413", "PayloadTooLarge");
                add(operation, "415", "UnsupportedMediaType");
                add(operation, "422", "ValidationError");
            }
            if operation.parameters.is_some() {
                add(operation, "404", "NotFound");
            }
            if operation.operation_id.as_deref().is_some_and(|id| LIMITED.contains(&id)) {
                add(operation, "429", "TooManyRequests");
            }
        }
    }
}

/// Adds a response, unless the operation describes its own.
fn add(operation: &mut Operation, status: &str, name: &str) {
    let response = RefOr::Ref(Ref::from_response_name(name));
    operation.responses.responses.entry(status.to_owned()).or_insert(response);
}

/// The answers that operations share, each with what the surface really says as its example.
fn responses() -> [(&'static str, Response); 10] {
    let retry_after = Duration::from_secs(30);
    let of = |description: &str, fault: &Fault| response(description, &Reply::to_fault(fault));
    let flaws = Flaws::missing(&FIRST_NAME);
    [
        (
            "MalformedJson",
            of("The body is no JSON object", &Fault::MalformedJson(MalformedJson::Empty)).build(),
        ),
        (
            "Unauthenticated",
            of("No valid access token", &Fault::Unauthenticated { token_sent: false })
                .header("WWW-Authenticate", header("The challenge (RFC 6750)"))
                .build(),
        ),
        ("NotFound", of("Nothing here that the caller may see", &Fault::NotFound).build()),
        ("RequestTimeout", of("The body did not arrive in time", &Fault::BodyTimeout).build()),
        ("PayloadTooLarge", of("The body is too long", &Fault::BodyTooLarge { limit: 16_384 }).build()),
        ("UnsupportedMediaType", of("The body is no JSON", &Fault::UnsupportedMediaType).build()),
        ("ValidationError", response("Fields are invalid", &Reply::to_flaws(&flaws)).build()),
        (
            "TooManyRequests",
            of("A limit was met", &Fault::TooManyRequests { retry_after })
                .header("Retry-After", header("In how many seconds to try again"))
                .header("RateLimit", header("The state of the limit (draft-ietf-httpapi-ratelimit-headers)"))
                .build(),
        ),
        ("InternalError", of("Something broke", &Fault::Broken).build()),
        (
            "ServiceUnavailable",
            of("Busy, or out of reach", &Fault::SLOW)
                .header("Retry-After", header("In how many seconds to try again"))
                .build(),
        ),
    ]
}

fn response(description: &str, reply: &Reply) -> ResponseBuilder {
    let schema = match reply {
        Reply::Unauthorized(_) => "UnauthorizedReply",
        Reply::Error(_) => "ErrorReply",
    };
    let mut content = Content::new(Some(Ref::from_schema_name(schema)));
    content.example = serde_json::to_value(reply).ok();
    ResponseBuilder::new().description(description).content("application/json", content)
}

fn header(description: &str) -> Header {
    HeaderBuilder::new().description(Some(description)).build()
}
