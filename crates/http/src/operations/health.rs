use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use asteroid_kernel::{StorageError, in_one_line};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::Readiness;
use crate::core::json;

/// How long the store may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(OpenApi)]
#[openapi(
    paths(healthz, readyz),
    tags((name = "Operations", description = "What operators ask for."))
)]
struct OperationsApi;

/// What operators may ask.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    OperationsApi::openapi()
}

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(super) struct HealthReply {
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
/// Whether the process answers at all.
#[utoipa::path(
    get, path = "/healthz", tag = "Operations",
    responses((status = 200, description = "It does", body = HealthReply, example = json!({"status": "ok"})))
)]
pub(super) async fn healthz() -> HttpResponse {
    json(HttpResponse::Ok(), &HealthReply { status: "ok", reason: None })
}

/// Readiness
///
/// Whether requests should be sent here.
#[utoipa::path(
    get, path = "/readyz", tag = "Operations",
    responses(
        (status = 200, description = "They should", body = HealthReply, example = json!({"status": "ready"})),
        (status = 503, description = "They should not", body = HealthReply, example = json!({
            "status": "unavailable", "reason": "the store is unavailable",
        })),
    )
)]
pub(super) async fn readyz<R: Readiness>(readiness: Data<R>) -> HttpResponse {
    let Err(reason) = check(&**readiness).await else {
        return json(HttpResponse::Ok(), &HealthReply { status: "ready", reason: None });
    };
    let reply = HealthReply { status: "unavailable", reason: Some(reason) };
    json(HttpResponse::ServiceUnavailable(), &reply)
}

/// The cause goes to the log; the answer only says what kind it is of.
async fn check<R: Readiness>(readiness: &R) -> Result<(), &'static str> {
    let Ok(checked) = tokio::time::timeout(PATIENCE, readiness.check()).await else {
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
