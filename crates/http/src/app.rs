use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Condition, from_fn};
use actix_web::{App, Error, HttpResponse};
use asteroid_application::development::DevelopmentOutbox;
use asteroid_kernel::{Clock, Randomness};

use crate::auth::{self, AuthSurface};
use crate::core::{ApiError, Surface, Telemetry, cors, fallback};
use crate::operations::{self, ApiDocument};
use crate::practice_api::{self, PracticeApiSurface};
use crate::{HttpSettings, Readiness, StreamSlots, openapi, pages};

/// The parts of the application. Cheap to clone; clones share everything.
pub struct Parts<A, P, R, O> {
    /// The use cases of accounts.
    pub accounts: Arc<A>,
    /// The use cases of practices.
    pub practices: Arc<P>,
    /// The readiness check.
    pub readiness: Arc<R>,
    /// The messages of the server with their codes, for `/dev/outbox`. In development only: clients on this machine can
    /// read them.
    pub development_outbox: Option<Arc<O>>,
    /// The clock, for request ids.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes, for request ids.
    pub randomness: Arc<dyn Randomness>,
    /// The settings.
    pub settings: Arc<HttpSettings>,
    /// The slots for streamed lists, which all workers share.
    pub streams: StreamSlots,
}

impl<A, P, R, O> Clone for Parts<A, P, R, O> {
    fn clone(&self) -> Self {
        Self {
            accounts: Arc::clone(&self.accounts),
            practices: Arc::clone(&self.practices),
            readiness: Arc::clone(&self.readiness),
            development_outbox: self.development_outbox.clone(),
            clock: Arc::clone(&self.clock),
            randomness: Arc::clone(&self.randomness),
            settings: Arc::clone(&self.settings),
            streams: self.streams.clone(),
        }
    }
}

/// The whole application: every surface, the endpoints for operators, pages, and the middleware around them. Each
/// worker of a server ([`wire::listen`](crate::wire::listen)) makes its own.
#[must_use]
pub fn app<A, P, R, O>(
    parts: &Parts<A, P, R, O>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<A, P, R, O>,
>
where
    A: auth::AuthUseCases + practice_api::AccountUseCases,
    P: practice_api::PracticeUseCases,
    R: Readiness,
    O: DevelopmentOutbox,
{
    let telemetry = Arc::new(Telemetry {
        clock: Arc::clone(&parts.clock),
        randomness: Arc::clone(&parts.randomness),
        header_limit: parts.settings.header_limit,
        trusted_proxies: parts.settings.trusted_proxies.clone(),
        cors_setting: Some("http.cors_origins"),
        answer,
    });
    let (accounts, practices, settings) = (&parts.accounts, &parts.practices, &parts.settings);
    let origins = &settings.cors_origins;
    let document = {
        let settings = Arc::clone(settings);
        ApiDocument::new(move || openapi::<A, P>(&settings))
    };
    App::new()
        .configure(operations::configure::<AuthSurface, R>(
            Arc::clone(&parts.readiness),
            settings.pages.then_some(document),
        ))
        .configure(pages::configure::<AuthSurface, O>(parts.development_outbox.clone(), Arc::clone(settings)))
        .configure(auth::configure(Arc::clone(accounts), Arc::clone(settings)))
        .configure(practice_api::configure(
            Arc::clone(accounts),
            Arc::clone(practices),
            Arc::clone(settings),
            parts.streams.clone(),
        ))
        .default_service(fallback::<AuthSurface>())
        .wrap(Condition::new(!origins.is_empty(), cors(origins)))
        .wrap(from_fn(move |request, next| Arc::clone(&telemetry).pass(request, next)))
}

/// An error outside the surfaces, answered by the surface that the path belongs to.
fn answer(path: &str, error: &ApiError) -> HttpResponse {
    if practice_api::is_path(path) { PracticeApiSurface::answer(error) } else { AuthSurface::answer(error) }
}
