use std::time::Duration;

use serde_json::Map;
use utoipa::openapi::encoding::Encoding;
use utoipa::openapi::path::ParameterStyle;
use utoipa::openapi::{RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::bodies::INVALID;
use super::handlers;
use super::problem::{Errors, FailureReply, InvalidReply, Refusal};
use crate::web::docs::{add_faults, add_response, operations, response};
use crate::web::{Fault, MalformedJson};

/// What this surface offers.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    ConnectApi::openapi()
}

#[derive(OpenApi)]
#[openapi(
    paths(
        handlers::sign_in,
        handlers::sign_out,
        handlers::update_user,
        handlers::current_user,
        handlers::show_terms,
        handlers::accept_terms,
        handlers::list_clients,
        handlers::show_client,
    ),
    components(schemas(FailureReply, InvalidReply)),
    tags(
        (name = "Users", description = "Users of practices. Parameters may be sent as JSON, as a form \
            (`user[email]=…`), or under the same names in the query string."),
        (name = "Terms", description = "The terms that users accept."),
        (name = "Clients", description = "Clients of practices, and their patients."),
    ),
    modifiers(&Faults, &Forms),
)]
struct ConnectApi;

/// Adds to every operation what can go wrong with it as with any other.
struct Faults;

impl Modify for Faults {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        add_faults(openapi, "Asteroid", responses());
        for operation in operations(openapi) {
            if operation.request_body.is_some() {
                add_response(operation, "422", "AsteroidInvalid");
            }
            for (status, name) in own_faults(operation.operation_id.as_deref().unwrap_or_default()) {
                add_response(operation, status, name);
            }
        }
    }
}

/// What can go wrong with this operation and not with any other.
fn own_faults(operation: &str) -> &'static [(&'static str, &'static str)] {
    match operation {
        "sign_in" | "update_user" => &[("429", "AsteroidTooManyRequests")],
        "show_terms" => &[("404", "AsteroidNotFound")],
        "show_client" => &[("403", "AsteroidForbidden"), ("404", "AsteroidNotFound")],
        "list_clients" => {
            &[("403", "AsteroidForbidden"), ("404", "AsteroidNotFound"), ("422", "AsteroidInvalid")]
        }
        _ => &[],
    }
}

/// Adds to every body that it may be sent as a form too, with keys as Rails has them, and need not be sent at all: its
/// fields may stand in the query string.
struct Forms;

impl Modify for Forms {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        for operation in operations(openapi) {
            let Some(RefOr::T(body)) = &mut operation.request_body else { continue };
            let Some(RefOr::T(json)) = body.content.get("application/json") else { continue };
            let groups = json.example.iter().filter_map(|example| example.as_object()).flat_map(Map::keys);
            let encoding = groups.map(|group| (group.clone(), deep_object())).collect();
            let mut form = json.clone();
            form.encoding = encoding;
            body.required = None;
            body.content.insert("application/x-www-form-urlencoded".to_owned(), form.into());
        }
    }
}

/// `user[email]=…`
fn deep_object() -> Encoding {
    Encoding::builder().style(Some(ParameterStyle::DeepObject)).explode(Some(true)).build()
}

/// The answers that operations share, each with what the surface really says as its example.
fn responses() -> [(&'static str, Response); 11] {
    let retry_after = Duration::from_secs(30);
    let forbidden = FailureReply::to_refusal(Refusal::TermsNotAccepted);
    let forbidden = failure("The terms are not accepted, or another role is needed", &forbidden);
    let invalid = InvalidReply::to_errors(&Errors::of("email", INVALID));
    let invalid = response("Parameters are invalid", "InvalidReply", &invalid);
    [
        (
            "AsteroidMalformedJson",
            of("The body is no JSON object", &Fault::MalformedJson(MalformedJson::Empty)),
        ),
        ("AsteroidUnauthenticated", of("No valid token", &Fault::Unauthenticated { token_sent: false })),
        ("AsteroidForbidden", forbidden.build()),
        ("AsteroidNotFound", of("Nothing here that the caller may see", &Fault::NotFound)),
        ("AsteroidRequestTimeout", of("The body did not arrive in time", &Fault::BodyTimeout)),
        ("AsteroidPayloadTooLarge", of("The body is too long", &Fault::BodyTooLarge { limit: 16_384 })),
        (
            "AsteroidUnsupportedMediaType",
            of("The body is neither JSON nor a form", &Fault::UnsupportedMediaType),
        ),
        ("AsteroidInvalid", invalid.build()),
        ("AsteroidTooManyRequests", of("A limit was met", &Fault::TooManyRequests { retry_after })),
        ("AsteroidInternalError", of("Something broke", &Fault::Broken)),
        ("AsteroidServiceUnavailable", of("Busy, or out of reach", &Fault::SLOW)),
    ]
}

fn of(description: &str, fault: &Fault) -> Response {
    fault.describe(failure(description, &FailureReply::to_fault(fault)))
}

fn failure(description: &str, reply: &FailureReply) -> ResponseBuilder {
    response(description, "FailureReply", reply)
}
