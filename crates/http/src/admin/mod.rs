//! The application of the admin listener: what operators and their programs use, and nothing that the public may reach.

pub(crate) mod error;
mod host;
pub mod objects;

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error};
use asteroid_application::administration::Administration;
use asteroid_kernel::{Clock, Randomness};

use crate::admin_api::{self, AdminApi};
use crate::console::{self, Console, ConsoleAccounts, FirstAdministrator, ServerFacts};
use crate::core::{Surface, Telemetry, fallback};
use crate::{HttpSettings, MetricsSource, Readiness, operations};

use error::AdminSurface;

/// The path and query of the next page of a listing with these conditions, which starts at this cursor.
pub(crate) fn next_page<N: AsRef<str>, V: AsRef<str>>(
    path: &str,
    conditions: impl IntoIterator<Item = (N, V)>,
    cursor: &str,
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(conditions).append_pair("cursor", cursor).finish();
    format!("{path}?{query}")
}

/// The settings of the admin listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminSettings {
    /// The names that a request may have in its `Host` field, besides IP addresses and `localhost`.
    pub hosts: Vec<String>,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// The largest total size of a request's header fields, names and values together, in bytes.
    pub header_limit: usize,
}

impl Default for AdminSettings {
    /// No name but `localhost`, bodies of 1 MiB, headers of 8 KiB.
    fn default() -> Self {
        Self { hosts: Vec::new(), body_limit: 1024 * 1024, header_limit: 8 * 1024 }
    }
}

/// The parts of the application of the admin listener. Cheap to clone; clones share everything.
pub struct AdminParts<A, D, R, M> {
    /// The use cases by which operators sign in to the console.
    pub accounts: Arc<A>,
    /// What the console shows of the server itself.
    pub facts: Arc<dyn ServerFacts>,
    /// The link that makes the first administrator.
    pub first: Arc<FirstAdministrator>,
    /// The use cases of `/admin/v1`.
    pub api: Arc<AdminApi<D>>,
    /// The settings that `/admin/v1` has in common with the public surfaces. Its bodies have the size of the admin listener.
    pub http: Arc<HttpSettings>,
    /// The readiness check.
    pub readiness: Arc<R>,
    /// The metrics.
    pub metrics: Arc<M>,
    /// The clock, for request ids.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes, for request ids.
    pub randomness: Arc<dyn Randomness>,
    /// The settings.
    pub settings: Arc<AdminSettings>,
}

impl<A, D, R, M> Clone for AdminParts<A, D, R, M> {
    fn clone(&self) -> Self {
        Self {
            accounts: Arc::clone(&self.accounts),
            facts: Arc::clone(&self.facts),
            first: Arc::clone(&self.first),
            api: Arc::clone(&self.api),
            http: Arc::clone(&self.http),
            readiness: Arc::clone(&self.readiness),
            metrics: Arc::clone(&self.metrics),
            clock: Arc::clone(&self.clock),
            randomness: Arc::clone(&self.randomness),
            settings: Arc::clone(&self.settings),
        }
    }
}

/// The application of the admin listener. Each worker of a server ([`wire::listen`](crate::wire::listen)) makes its own.
#[must_use]
pub fn admin_app<A: ConsoleAccounts, D: Administration, R: Readiness, M: MetricsSource>(
    parts: &AdminParts<A, D, R, M>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<A, D, R, M>,
> {
    let telemetry = Arc::new(Telemetry {
        clock: Arc::clone(&parts.clock),
        randomness: Arc::clone(&parts.randomness),
        header_limit: parts.settings.header_limit,
        trusted_proxies: parts.http.trusted_proxies.clone(),
        cors_setting: None,
        answer: |_, error| AdminSurface::answer(error),
    });
    let settings = Arc::clone(&parts.settings);
    let http = HttpSettings {
        body_limit: settings.body_limit,
        header_limit: settings.header_limit,
        ..HttpSettings::clone(&parts.http)
    };
    let http = Arc::new(http);
    let console = Arc::new(Console {
        accounts: Arc::clone(&parts.accounts),
        administration: Arc::clone(parts.api.administration()),
        facts: Arc::clone(&parts.facts),
        first: Arc::clone(&parts.first),
    });
    App::new()
        .configure(admin_api::configure(Arc::clone(&parts.api), Arc::clone(&http)))
        .configure(console::configure(console, http))
        .configure(operations::configure_health::<AdminSurface, R>(Arc::clone(&parts.readiness)))
        .configure(operations::configure_metrics::<AdminSurface, M>(Arc::clone(&parts.metrics)))
        .default_service(fallback::<AdminSurface>())
        .wrap(from_fn(move |request, next| host::check(Arc::clone(&settings), request, next)))
        .wrap(from_fn(move |request, next| Arc::clone(&telemetry).pass(request, next)))
}
