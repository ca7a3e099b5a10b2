use utoipa::OpenApi;

use crate::core::docs::operations as operations_of;
use crate::{auth, operations, practice_api};

#[derive(OpenApi)]
#[openapi(
    info(
    title = "Asteroid",
    description = "Who somebody is: registration, sign-in, passwords, sessions. What a practice keeps: the terms of \
                   use, clients and their patients.",
    license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/", description = "The server that this description comes from."))
)]
struct Api;

/// The description of everything that this crate serves, as OpenAPI 3.1.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = Api::openapi();
    api.merge(auth::openapi());
    api.merge(practice_api::openapi());
    api.merge(operations::openapi());
    // Said, not left out: a generator then knows that no token is needed.
    for operation in operations_of(&mut api) {
        operation.security.get_or_insert_default();
    }
    api
}
