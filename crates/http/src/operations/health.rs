//! `GET /healthz` and `GET /readyz`

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use asteroid_kernel::{StorageError, in_one_line};
use serde::Serialize;
use utoipa::ToSchema;

use super::Readiness;
use crate::core::{Endpoint, json};

/// How long the store may take to answer.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn healthz_endpoint() -> Endpoint {
    Endpoint::plain(__path_healthz, web::to(healthz))
}

pub(super) fn readyz_endpoint<R: Readiness>() -> Endpoint {
    Endpoint::plain(__path_readyz, web::to(readyz::<R>))
}

/// The state of the server.
#[derive(Serialize, ToSchema)]
struct HealthReply {
    /// `ok`, `ready` or `unavailable`.
    #[schema(example = "ready")]
    status: &'static str,
    /// Why it is unavailable.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "the store is unavailable")]
    reason: Option<&'static str>,
}

/// Liveness
///
/// Whether the process is alive.
#[utoipa::path(
    get, path = "/healthz", tag = "Operations",
    responses((status = 200, description = "It is", body = HealthReply, example = json!({"status": "ok"})))
)]
async fn healthz() -> HttpResponse {
    json(HttpResponse::Ok(), &HealthReply { status: "ok", reason: None })
}

/// Readiness
///
/// Whether the server can serve requests.
#[utoipa::path(
    get, path = "/readyz", tag = "Operations",
    responses(
        (status = 200, description = "It can", body = HealthReply, example = json!({"status": "ready"})),
        (status = 503, description = "It cannot", body = HealthReply, example = json!({
            "status": "unavailable", "reason": "the store is unavailable",
        })),
    )
)]
async fn readyz<R: Readiness>(readiness: Data<R>) -> HttpResponse {
    let Err(reason) = check(&**readiness).await else {
        return json(HttpResponse::Ok(), &HealthReply { status: "ready", reason: None });
    };
    let reply = HealthReply { status: "unavailable", reason: Some(reason) };
    json(HttpResponse::ServiceUnavailable(), &reply)
}

/// The cause is logged; the answer names only its kind.
async fn check<R: Readiness>(readiness: &R) -> Result<(), &'static str> {
    let Ok(checked) = tokio::time::timeout(STORE_TIMEOUT, readiness.check()).await else {
        tracing::warn!("not ready: the store does not answer");
        return Err("the store does not answer");
    };
    checked.map_err(|error| {
        tracing::warn!("not ready: {}", in_one_line(&error));
        match error {
            StorageError::Busy => "the store is busy",
            StorageError::Unavailable(_) => "the store is unavailable",
            StorageError::Failed(_) => "the store failed",
        }
    })
}
