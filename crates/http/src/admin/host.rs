use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

use super::AdminSettings;
use super::error::{AdminSurface, Problem};
use crate::core::{ApiError, HostName, Surface, announced_length, hosts};

/// Refuses requests to hosts that the operator did not name, and bodies that announce too many bytes.
///
/// A foreign page can point its own host name at this listener (DNS rebinding) and read the answers through the browser of a
/// visitor who reaches it: such a request names that host. An IP address cannot be pointed elsewhere.
pub(super) async fn check<B: MessageBody + 'static>(
    settings: Arc<AdminSettings>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let refused = hosts(request.head()).find(|host| !is_allowed(host, &settings.hosts));
    if let Some(host) = refused.map(str::to_owned) {
        match HostName::parse(&host) {
            Some(HostName::Name(host)) => tracing::warn!(host, "refused a host that is not in admin.hosts"),
            // It may be any text.
            Some(HostName::Address(_)) | None => tracing::warn!("refused a Host field that names no host"),
        }
        return Ok(request.into_response(unknown_host()));
    }
    let limit = settings.body_limit;
    if announced_length(request.headers()).is_some_and(|length| length > limit) {
        let answer = AdminSurface::answer(&ApiError::BodyTooLarge { limit });
        return Ok(request.into_response(answer));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

fn is_allowed(host: &str, names: &[String]) -> bool {
    match HostName::parse(host) {
        Some(HostName::Address(_)) => true,
        Some(host) if host.is_loopback() => true,
        Some(HostName::Name(name)) => names.iter().any(|own| own.eq_ignore_ascii_case(&name)),
        None => false,
    }
}

fn unknown_host() -> HttpResponse {
    let status = StatusCode::MISDIRECTED_REQUEST;
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, "no-store"));
    let detail = "The Host field names a host that is not in admin.hosts (ASTEROID_ADMIN__HOSTS).";
    Problem::new(status, "UNKNOWN_HOST", detail).answer(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_localhost_and_listed_names_are_allowed_and_no_other_host() {
        let names = ["asteroid.internal".to_owned()];
        for host in
            ["127.0.0.1:8081", "10.0.0.7:8081", "[2001:db8::1]", "localhost", "Asteroid.Internal.:8081"]
        {
            assert!(is_allowed(host, &names), "{host}");
        }
        for host in
            ["", "evil.example", "asteroid.internal.evil.example", "10.0.0.7.evil.example", "a@localhost"]
        {
            assert!(!is_allowed(host, &names), "{host}");
        }
    }
}
