//! The `/v1/auth` and `/v2/auth` surface. Each endpoint is one file: body, handler, answer, errors.

mod body;
mod error;
mod fields;
mod login;
mod logout;
mod me;
mod openapi;
mod password_change;
mod password_forgot;
mod password_reset;
mod register;
mod reply;
mod sessions;
mod validation;
mod verification_codes_send;
mod verification_codes_verify;

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use asteroid_application::accounts::{
    CodeRequests, CodeVerifications, PasswordChanges, PasswordResetRequests, PasswordResets, Profiles,
    Registrations, Sessions, SignIns,
};

use crate::HttpSettings;
use crate::core::{Endpoint, SurfaceState, mount};

pub(crate) use error::AuthSurface;
pub(crate) use openapi::openapi;

asteroid_kernel::port_alias! {
    /// The use cases behind this surface.
    pub trait AuthUseCases:
        Registrations +
        CodeRequests +
        CodeVerifications +
        SignIns +
        Sessions +
        PasswordChanges +
        PasswordResetRequests +
        PasswordResets +
        Profiles;
}

/// The surface answers these paths and all paths below them.
const PREFIXES: [&str; 2] = ["/v1/auth", "/v2/auth"];

/// Every endpoint of the surface, for actix and for the OpenAPI document.
fn endpoints<A: AuthUseCases>() -> Vec<Endpoint> {
    vec![
        register::endpoint::<A>(),
        login::endpoint::<A>(),
        logout::endpoint::<A>(),
        me::endpoint::<A>(),
        password_change::endpoint::<A>(),
        password_forgot::endpoint::<A>(),
        password_reset::endpoint::<A>(),
        verification_codes_send::endpoint::<A>(),
        verification_codes_send::autofill_endpoint::<A>(),
        verification_codes_verify::endpoint::<A>(),
        sessions::list_endpoint::<A>(),
        sessions::end_endpoint::<A>(),
        sessions::end_others_endpoint::<A>(),
    ]
}

/// Mounts the surface: everything below `/v1/auth` and `/v2/auth`, with 404 for unknown paths.
///
/// Request ids, the access log, the limit on headers and CORS belong to a whole application: [`app`](crate::app) has
/// them; an application of your own brings its own.
pub fn configure<A: AuthUseCases>(
    accounts: Arc<A>,
    settings: Arc<HttpSettings>,
) -> impl FnOnce(&mut ServiceConfig) + Clone {
    move |config| {
        let state = Data::new(SurfaceState { use_cases: accounts, settings });
        mount::<AuthSurface>(config, &PREFIXES, endpoints::<A>(), |scope| scope.app_data(state.clone()));
    }
}
