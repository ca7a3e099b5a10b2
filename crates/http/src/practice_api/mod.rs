//! The practice API: `/users`, `/terms` and `/clients`. Each endpoint is one file: body, handler, answer, errors.

mod body;
mod client_reply;
mod client_stream;
mod clients;
mod clients_show;
pub(crate) mod cursor;
mod error;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod openapi;
mod params;
mod profile;
mod query;
mod sign_in;
mod sign_out;
mod terms;
mod terms_gate;
mod users_current;
mod users_update;

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use asteroid_application::accounts::{ReviewedPasswords, Sessions, SignIns};
use asteroid_application::practice::{Clients, PracticeProfiles, TermsOfUse};

use crate::core::{Endpoint, HttpContext, SurfaceState, below, mount};
use crate::{HttpSettings, StreamSlots};

pub(crate) use error::PracticeApiSurface;
pub(crate) use openapi::openapi;
pub use terms_gate::AcceptedTerms;

asteroid_kernel::port_alias! {
    /// The use cases of accounts behind this surface.
    pub trait AccountUseCases: Sessions + SignIns + ReviewedPasswords;
}

asteroid_kernel::port_alias! {
    /// The use cases of practices behind this surface.
    pub trait PracticeUseCases: PracticeProfiles + TermsOfUse + Clients;
}

/// All use cases behind this surface.
struct PracticeApiPorts<A, P> {
    accounts: Arc<A>,
    practices: Arc<P>,
    streams: StreamSlots,
}

/// A request to this surface.
type PracticeContext<A, P> = HttpContext<PracticeApiPorts<A, P>>;

/// The surface answers these paths and all paths below them.
const PREFIXES: [&str; 3] = ["/users", "/terms", "/clients"];

/// Whether the path is one of this surface's.
pub(crate) fn is_path(path: &str) -> bool {
    PREFIXES.into_iter().any(|prefix| below(path, prefix).is_some())
}

/// Every endpoint of the surface, for actix and for the OpenAPI document.
fn endpoints<A: AccountUseCases, P: PracticeUseCases>() -> Vec<Endpoint> {
    vec![
        sign_in::endpoint::<A, P>(),
        sign_out::endpoint::<A, P>(),
        users_update::endpoint::<A, P>(),
        users_current::endpoint::<A, P>(),
        terms::show_endpoint::<A, P>(),
        terms::accept_endpoint::<A, P>(),
        clients::endpoint::<A, P>(),
        clients_show::endpoint::<A, P>(),
    ]
}

/// Mounts the surface: everything at and below `/users`, `/terms` and `/clients`, with 404 for unknown paths. All workers of
/// a server get clones of the same `streams`.
///
/// Request ids, the access log, the limit on headers and CORS belong to a whole application: [`app`](crate::app) has
/// them; an application of your own brings its own.
pub fn configure<A: AccountUseCases, P: PracticeUseCases>(
    accounts: Arc<A>,
    practices: Arc<P>,
    settings: Arc<HttpSettings>,
    streams: StreamSlots,
) -> impl FnOnce(&mut ServiceConfig) + Clone {
    move |config| {
        let state =
            SurfaceState { use_cases: Arc::new(PracticeApiPorts { accounts, practices, streams }), settings };
        // For the whole application, so that any of its routes can take `AcceptedTerms`.
        config.app_data(Data::new(state));
        mount::<PracticeApiSurface>(config, &PREFIXES, endpoints::<A, P>(), |scope| scope);
    }
}
