//! What operators ask for: whether the server lives and is ready, and what its API is.

mod health;
mod reference;

use std::future::Future;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use asteroid_kernel::StorageError;

use crate::core::{Surface, resource};

pub(crate) use health::openapi;

/// Whether the server can do its work. Asked by whoever decides if requests should be sent to it.
pub trait Readiness: Send + Sync + 'static {
    /// Succeeds if the store can be reached and used.
    fn check(&self) -> impl Future<Output = Result<(), StorageError>> + Send;
}

/// Mounts the operators' routes; wrong methods are answered as `S` does.
pub(crate) fn configure<S: Surface, R: Readiness>(readiness: Arc<R>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        let at = resource::<S>;
        config
            .service(at("/healthz", vec![(Method::GET, web::to(health::healthz))]))
            .service(
                at("/readyz", vec![(Method::GET, web::to(health::readyz::<R>))])
                    .app_data(Data::from(readiness)),
            )
            .service(at("/openapi.json", vec![(Method::GET, web::to(reference::document))]))
            .service(at("/docs", vec![(Method::GET, web::to(reference::page))]));
        for asset in reference::ASSETS.iter() {
            let answer = || async { asset.answer() };
            config.service(at(&format!("/docs/{}", asset.name), vec![(Method::GET, web::to(answer))]));
        }
    }
}
