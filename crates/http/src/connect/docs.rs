use std::time::Duration;

use serde_json::{Map, Value};
use utoipa::openapi::encoding::Encoding;
use utoipa::openapi::path::{Operation, ParameterStyle};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Content, Header, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::bodies::INVALID;
use super::handlers;
use super::problem::{Errors, FailureReply, InvalidReply, Refusal};
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
        let components = openapi.components.get_or_insert_with(Components::new);
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        components.responses.extend(responses().map(|(name, response)| (name.to_owned(), response.into())));

        for operation in operations(openapi) {
            add(operation, "500", "AsteroidInternalError");
            add(operation, "503", "AsteroidServiceUnavailable");
            if operation.security.is_some() {
                add(operation, "401", "AsteroidUnauthenticated");
            }
            if operation.request_body.is_some() {
                add(operation, "400", "AsteroidMalformedJson");
                add(operation, "408", "AsteroidRequestTimeout");
                add(operation, "413", "AsteroidPayloadTooLarge");
                add(operation, "415", "AsteroidUnsupportedMediaType");
                add(operation, "422", "AsteroidInvalid");
            }
            for (status, name) in own_faults(operation.operation_id.as_deref().unwrap_or_default()) {
                add(operation, status, name);
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

fn operations(openapi: &mut utoipa::openapi::OpenApi) -> impl Iterator<Item = &mut Operation> {
    openapi.paths.paths.values_mut().flat_map(|item| {
        [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten()
    })
}

/// Adds a response, unless the operation describes its own.
fn add(operation: &mut Operation, status: &str, name: &str) {
    let response = RefOr::Ref(Ref::from_response_name(name));
    operation.responses.responses.entry(status.to_owned()).or_insert(response);
}

/// The answers that operations share, each with what the surface really says as its example.
fn responses() -> [(&'static str, Response); 11] {
    let retry_after = Duration::from_secs(30);
    let of = |description, fault: &Fault| failure(description, &FailureReply::to_fault(fault));
    [
        (
            "AsteroidMalformedJson",
            of("The body is no JSON object", &Fault::MalformedJson(MalformedJson::Empty)).build(),
        ),
        (
            "AsteroidUnauthenticated",
            of("No valid token", &Fault::Unauthenticated { token_sent: false })
                .header("WWW-Authenticate", header("The challenge (RFC 6750)"))
                .build(),
        ),
        (
            "AsteroidForbidden",
            failure(
                "The terms are not accepted, or another role is needed",
                &FailureReply::to_refusal(Refusal::TermsNotAccepted),
            )
            .build(),
        ),
        ("AsteroidNotFound", of("Nothing here that the caller may see", &Fault::NotFound).build()),
        ("AsteroidRequestTimeout", of("The body did not arrive in time", &Fault::BodyTimeout).build()),
        (
            "AsteroidPayloadTooLarge",
            of("The body is too long", &Fault::BodyTooLarge { limit: 16_384 }).build(),
        ),
        (
            "AsteroidUnsupportedMediaType",
            of("The body is neither JSON nor a form", &Fault::UnsupportedMediaType).build(),
        ),
        (
            "AsteroidInvalid",
            response(
                "Parameters are invalid",
                "InvalidReply",
                serde_json::to_value(InvalidReply::to_errors(&Errors::of("email", INVALID))).ok(),
            )
            .build(),
        ),
        (
            "AsteroidTooManyRequests",
            of("A limit was met", &Fault::TooManyRequests { retry_after })
                .header("Retry-After", header("In how many seconds to try again"))
                .header("RateLimit", header("The state of the limit (draft-ietf-httpapi-ratelimit-headers)"))
                .build(),
        ),
        ("AsteroidInternalError", of("Something broke", &Fault::Broken).build()),
        (
            "AsteroidServiceUnavailable",
            of("Busy, or out of reach", &Fault::SLOW)
                .header("Retry-After", header("In how many seconds to try again"))
                .build(),
        ),
    ]
}

fn failure(description: &str, reply: &FailureReply) -> ResponseBuilder {
    response(description, "FailureReply", serde_json::to_value(reply).ok())
}

fn response(description: &str, schema: &str, example: Option<Value>) -> ResponseBuilder {
    let mut content = Content::new(Some(Ref::from_schema_name(schema)));
    content.example = example;
    ResponseBuilder::new().description(description).content("application/json", content)
}

fn header(description: &str) -> Header {
    HeaderBuilder::new().description(Some(description)).build()
}
