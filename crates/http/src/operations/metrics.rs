//! `GET /metrics`

use std::future::Future;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{self, Data, ServiceConfig};

use crate::core::{Surface, resource};

/// The metrics of the server, for `/metrics`.
pub trait MetricsSource: Send + Sync + 'static {
    /// All metrics in the text format of Prometheus, version 0.0.4. It never fails: what cannot be read is left out.
    fn render(&self) -> impl Future<Output = String> + Send;
}

/// Mounts the endpoint. `S` answers wrong methods.
pub(crate) fn configure<S: Surface, M: MetricsSource>(source: Arc<M>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config.app_data(Data::from(source));
        config.service(resource::<S>("/metrics", vec![(Method::GET, web::to(metrics::<M>))]));
    }
}

async fn metrics<M: MetricsSource>(source: Data<M>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(source.render().await)
}
