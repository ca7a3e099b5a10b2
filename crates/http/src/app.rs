use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Condition, from_fn};
use actix_web::{App, Error};
use asteroid_kernel::{Clock, Randomness};

use crate::auth::{self, Accounts, AuthSurface};
use crate::web::{Edge, cors, fallback};
use crate::{HttpSettings, Readiness, operations};

/// What the application is made from. Cheap to clone; clones share everything.
pub struct Parts<A, R> {
    /// The use cases.
    pub accounts: Arc<A>,
    /// Says whether the server can do its work.
    pub readiness: Arc<R>,
    /// Tells the time, for request ids.
    pub clock: Arc<dyn Clock>,
    /// Gives bytes that nobody can foretell, for request ids.
    pub randomness: Arc<dyn Randomness>,
    /// The settings.
    pub settings: Arc<HttpSettings>,
}

impl<A, R> Clone for Parts<A, R> {
    fn clone(&self) -> Self {
        Self {
            accounts: Arc::clone(&self.accounts),
            readiness: Arc::clone(&self.readiness),
            clock: Arc::clone(&self.clock),
            randomness: Arc::clone(&self.randomness),
            settings: Arc::clone(&self.settings),
        }
    }
}

/// The whole application: every surface, what operators ask for, and what stands around them. For each worker of
/// an [`HttpServer`](actix_web::HttpServer), one.
#[must_use]
pub fn app<A: Accounts, R: Readiness>(
    parts: &Parts<A, R>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<A, R>,
> {
    let edge = Arc::new(Edge {
        clock: Arc::clone(&parts.clock),
        randomness: Arc::clone(&parts.randomness),
        header_limit: parts.settings.header_limit,
    });
    let origins = &parts.settings.cors_origins;
    App::new()
        .configure(operations::configure::<AuthSurface, R>(Arc::clone(&parts.readiness)))
        .configure(auth::configure(Arc::clone(&parts.accounts), Arc::clone(&parts.settings)))
        .default_service(fallback::<AuthSurface>())
        .wrap(Condition::new(!origins.is_empty(), cors(origins)))
        .wrap(from_fn(move |request, next| Arc::clone(&edge).pass::<AuthSurface, _>(request, next)))
}
