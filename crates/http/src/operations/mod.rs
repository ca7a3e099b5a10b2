//! Endpoints for operators: liveness, readiness, and the description of the API.

mod health;
mod metrics;
mod reference;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use asteroid_kernel::StorageError;
use utoipa::OpenApi;

use crate::HttpSettings;
use crate::core::openapi::describe;
use crate::core::{Endpoint, Surface, resource, resources};

pub use metrics::MetricsSource;
pub(crate) use metrics::configure as configure_metrics;
pub(crate) use reference::ApiDocument;

/// Whether the server can serve requests, for `/readyz`.
pub trait Readiness: Send + Sync + 'static {
    /// Succeeds if the store can be reached and used.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    fn check(&self) -> impl Future<Output = Result<(), StorageError>> + Send;
}

#[derive(OpenApi)]
#[openapi(tags((name = "Operations", description = "Endpoints for operators.")))]
struct OperationsApi;

/// The endpoints that the OpenAPI document describes.
fn endpoints<R: Readiness>() -> Vec<Endpoint> {
    vec![health::healthz_endpoint(), health::readyz_endpoint::<R>()]
}

/// The description of the endpoints for operators.
pub(crate) fn openapi(settings: &HttpSettings) -> utoipa::openapi::OpenApi {
    // A description needs the endpoints, and calls none of them.
    describe(OperationsApi::openapi(), endpoints::<Infallible>(), settings)
}

impl Readiness for Infallible {
    async fn check(&self) -> Result<(), StorageError> {
        match *self {}
    }
}

/// Mounts the checks of liveness and readiness. `S` answers wrong methods.
pub(crate) fn configure_health<S: Surface, R: Readiness>(
    readiness: Arc<R>,
) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config.app_data(Data::from(readiness));
        for resource in resources::<S>(endpoints::<R>(), "") {
            config.service(resource);
        }
    }
}

/// Mounts the endpoints for operators, and the description of the API if there is one. `S` answers wrong methods.
pub(crate) fn configure<S: Surface, R: Readiness>(
    readiness: Arc<R>,
    document: Option<ApiDocument>,
) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        configure_health::<S, R>(readiness)(config);
        let Some(document) = document else { return };
        config.app_data(Data::new(document));
        let at = resource::<S>;
        config
            .service(at("/openapi.json", vec![(Method::GET, web::to(reference::document))]))
            .service(at("/docs", vec![(Method::GET, web::to(reference::page))]));
        for asset in reference::ASSETS.iter() {
            let answer = || async { asset.answer() };
            config.service(at(&format!("/docs/{}", asset.name), vec![(Method::GET, web::to(answer))]));
        }
    }
}
