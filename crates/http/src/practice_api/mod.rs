//! The Asteroid surface: `/users`, `/terms` and `/clients`.

mod bodies;
mod client;
mod cursor;
mod docs;
mod error;
mod gate;
mod handlers;
mod listing;
mod params;
mod query;
mod replies;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data, ServiceConfig};
use asteroid_application::ports::practice::{Clients, PracticeProfiles, TermsOfUse};
use asteroid_application::ports::{ReviewedPasswords, Sessions, SignedSessions};

use crate::HttpSettings;
use crate::core::{State, fallback, resource};

pub(crate) use docs::openapi;
pub(crate) use error::PracticeApiSurface;
pub use gate::AcceptedTerms;

/// The use cases of accounts behind this surface.
pub trait AccountUseCases: Sessions + SignedSessions + ReviewedPasswords {}

impl<A: Sessions + SignedSessions + ReviewedPasswords> AccountUseCases for A {}

/// The use cases of practices behind this surface.
pub trait PracticeUseCases: PracticeProfiles + TermsOfUse + Clients {}

impl<P: PracticeProfiles + TermsOfUse + Clients> PracticeUseCases for P {}

/// All use cases behind this surface.
struct Ports<A, P> {
    accounts: Arc<A>,
    practices: Arc<P>,
}

impl<A, P> Ports<A, P> {
    fn accounts(&self) -> &A {
        &self.accounts
    }
}

/// Where the surface answers, and below.
const PREFIXES: [&str; 3] = ["/users", "/terms", "/clients"];

/// Whether the path is one of this surface's.
pub(crate) fn is_path(path: &str) -> bool {
    let is_below =
        |prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    PREFIXES.into_iter().any(is_below)
}

/// Mounts the surface: everything at and below `/users`, `/terms` and `/clients`, what is unknown there included.
///
/// Request ids, the log's line for each request, the limit on headers and CORS stand around a whole application:
/// [`app`](crate::app) has them, an application of one's own brings its own.
pub fn configure<A: AccountUseCases, P: PracticeUseCases>(
    accounts: Arc<A>,
    practices: Arc<P>,
    settings: Arc<HttpSettings>,
) -> impl FnOnce(&mut ServiceConfig) + Clone {
    move |config| {
        // Answers carry tokens and personal data.
        let scope = |prefix| {
            web::scope(prefix)
                .default_service(fallback::<PracticeApiSurface>())
                .wrap(DefaultHeaders::new().add((CACHE_CONTROL, "no-store")))
        };
        let at = resource::<PracticeApiSurface>;
        let [users, terms, clients] = PREFIXES.map(scope);
        let users = users
            .service(at("", vec![(Method::PUT, web::to(handlers::update_user::<A, P>))]))
            .service(at("/sign_in", vec![(Method::POST, web::to(handlers::sign_in::<A, P>))]))
            .service(at("/sign_out", vec![(Method::DELETE, web::to(handlers::sign_out::<A, P>))]))
            .service(at("/current", vec![(Method::GET, web::to(handlers::current_user::<A, P>))]));
        let terms = terms.service(at(
            "",
            vec![
                (Method::GET, web::to(handlers::show_terms::<A, P>)),
                (Method::POST, web::to(handlers::accept_terms::<A, P>)),
            ],
        ));
        let clients = clients
            .service(at("", vec![(Method::GET, web::to(handlers::list_clients::<A, P>))]))
            .service(at("/{clientId}", vec![(Method::GET, web::to(handlers::show_client::<A, P>))]));
        let state = State { use_cases: Arc::new(Ports { accounts, practices }), settings };
        // For the whole application: any of its routes can wear the gate.
        config.app_data(Data::new(state)).service(users).service(terms).service(clients);
    }
}
