//! The description of the surface.

use std::time::Duration;

use asteroid_application::administration::Administration;
use asteroid_identity::Scope;
use utoipa::OpenApi;
use utoipa::openapi::{Content, Ref, Response, ResponseBuilder};

use super::endpoints;
use crate::HttpSettings;
use crate::admin::error::{AdminError, AdminSurface, InvalidField, Problem};
use crate::core::openapi::{DocumentedSurface, SharedResponse, describe};
use crate::core::{ApiError, MalformedJson};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Asteroid administration",
        description = "Users, sessions, the audit trail and the outbox, for programs of operators. It is on the admin listener \
                       alone. A program sends an admin key as a bearer token: `asteroid admin-key create` makes one, with the \
                       scopes that it needs. The `security` of each operation names its scope. Who may write users can take \
                       accounts over: guard such a key as a password of all of them.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/", description = "The server that this description comes from.")),
    components(schemas(Problem, InvalidField)),
    tags(
        (name = "Users", description = "The users, and what is done with them."),
        (name = "Audit trail", description = "What was done or attempted."),
        (name = "Outbox", description = "The messages to users."),
        (name = "Practices", description = "Practices and their clients, which imports bring."),
        (name = "Terms", description = "The versions of the terms of use, and who accepted them."),
    )
)]
struct AdminDocument;

/// The description of the surface as OpenAPI 3.1, under these settings.
#[must_use]
pub fn openapi<D: Administration>(settings: &HttpSettings) -> utoipa::openapi::OpenApi {
    describe(AdminDocument::openapi(), endpoints::<D>(), settings)
}

impl DocumentedSurface for AdminSurface {
    fn shared_response(response: SharedResponse, settings: &HttpSettings) -> (&'static str, Response) {
        let of = |description: &str, error: ApiError| {
            let error = AdminError::from(error);
            let described = problem(description, &error);
            if let AdminError::Api(error) = &error { error.describe(described) } else { described.build() }
        };
        match response {
            SharedResponse::MalformedJson => {
                let error = ApiError::MalformedJson(MalformedJson::Syntax { line: 1, column: 1 });
                ("MalformedJson", of("The body is not JSON", error))
            }
            SharedResponse::Unauthenticated => {
                let error = ApiError::Unauthenticated { token_sent: false };
                ("Unauthenticated", of("No live admin key", error))
            }
            SharedResponse::Forbidden => {
                let error = AdminError::MissingScope(Scope::UsersRead);
                ("Forbidden", problem("The admin key does not have the scope", &error).build())
            }
            SharedResponse::NotFound => ("NotFound", of("There is no such thing", ApiError::NotFound)),
            SharedResponse::RequestTimeout => {
                ("RequestTimeout", of("The body did not arrive in time", ApiError::BodyTimeout))
            }
            SharedResponse::PayloadTooLarge => {
                let error = ApiError::BodyTooLarge { limit: settings.body_limit };
                ("PayloadTooLarge", of("The body is too long", error))
            }
            SharedResponse::UnsupportedMediaType => {
                ("UnsupportedMediaType", of("The body is not JSON", ApiError::UnsupportedMediaType))
            }
            SharedResponse::Invalid => {
                let error = AdminError::invalid("contacts[0]", "not a phone number");
                ("Invalid", problem("Fields or parameters are invalid", &error).build())
            }
            SharedResponse::TooManyRequests => {
                let error = ApiError::TooManyRequests { retry_after: Duration::from_secs(1) };
                ("TooManyRequests", of("The program asks too often", error))
            }
            SharedResponse::InternalError => ("InternalError", of("An unexpected error", ApiError::Internal)),
            SharedResponse::ServiceUnavailable => (
                "ServiceUnavailable",
                of("The server is overloaded, or its store is unavailable", ApiError::TIMEOUT),
            ),
        }
    }
}

/// A response with problem details as its example.
fn problem(description: &str, error: &AdminError) -> ResponseBuilder {
    let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
    content.example = serde_json::to_value(error.problem()).ok();
    ResponseBuilder::new().description(description).content("application/problem+json", content)
}
