use utoipa::OpenApi;

use crate::{HttpSettings, auth, operations, practice_api};

#[derive(OpenApi)]
#[openapi(
    info(
    title = "Asteroid",
    description = "Accounts: registration, sign-in, passwords, sessions. Records of practices: the terms of use, \
                   clients and their patients.",
    license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/", description = "The server that this description comes from."))
)]
struct Api;

/// The description of all surfaces as OpenAPI 3.1, under these settings.
///
/// It is made from the endpoints that [`app`](crate::app) mounts for the same use cases.
#[must_use]
pub fn openapi<A, P>(settings: &HttpSettings) -> utoipa::openapi::OpenApi
where
    A: auth::AuthUseCases + practice_api::AccountUseCases,
    P: practice_api::PracticeUseCases,
{
    let mut api = Api::openapi();
    api.merge(auth::openapi::<A>(settings));
    api.merge(practice_api::openapi::<A, P>(settings));
    api.merge(operations::openapi(settings));
    api
}
