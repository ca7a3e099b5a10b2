use std::sync::Arc;

use actix_cors::CorsError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue, ORIGIN,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse};
use asteroid_kernel::{Clock, Randomness, uuid_v7};
use ipnet::IpNet;
use tracing::Instrument;

use super::ApiError;
use super::access_log::AccessLog;
use super::chunked::SharedPayload;
use super::cors::hide_from_other_origins;
use super::origin::{RequestId, origin};
use crate::wire::HeadError;

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost middleware: gives each request its id, its span and its line in the access log.
pub(crate) struct Telemetry {
    /// The clock, for request ids.
    pub(crate) clock: Arc<dyn Clock>,
    /// Unpredictable bytes, for request ids.
    pub(crate) randomness: Arc<dyn Randomness>,
    /// The largest total size of a request's header fields, in bytes.
    pub(crate) header_limit: usize,
    /// The proxies whose `X-Forwarded-For` field is trusted.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// The setting that lists the origins whose preflight requests are granted; [`None`] if none is.
    pub(crate) cors_setting: Option<&'static str>,
    /// The answer to a request for this path that failed outside any surface.
    pub(crate) answer: fn(&str, &ApiError) -> HttpResponse,
}

impl Telemetry {
    /// Handles a request.
    pub(crate) async fn pass<B: MessageBody + 'static>(
        self: Arc<Self>,
        mut request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let id = self.request_id(request.headers());
        request.extensions_mut().insert(RequestId(id.clone()));
        let line = AccessLog::open(&request, origin(request.request(), &self.trusted_proxies));
        let span = line.span.clone();
        let preflight = preflight_origin(&request);
        let payload = SharedPayload::of(&mut request);

        let mut response = if let Some(error) = self.head_error(request.headers()) {
            let answer = (self.answer)(request.path(), &error);
            request.into_response(answer)
        } else {
            let response = async { next.call(request).await }.instrument(span.clone()).await?;
            if let (Some(setting), Some(origin)) = (self.cors_setting, preflight) {
                span.in_scope(|| log_refused_preflight(&response, &origin, setting));
            }
            if is_refused_preflight(&response) {
                let answer = (self.answer)(response.request().path(), &ApiError::ForbiddenOrigin);
                response.into_response(answer)
            } else {
                response.map_into_boxed_body()
            }
        };
        let id = HeaderValue::from_str(&id).expect("an id is of letters, digits, - and _");
        response.headers_mut().insert(X_REQUEST_ID, id);
        hide_from_other_origins(response.headers_mut());
        let response = line.close(response);
        Ok(match payload {
            Some(payload) => payload.held_by(response),
            None => response,
        })
    }

    /// The error of the head of the request, if any.
    fn head_error(&self, headers: &HeaderMap) -> Option<ApiError> {
        let limit = self.header_limit;
        let error = HeadError::of(headers).map(ApiError::InvalidHead);
        error.or_else(|| (size(headers) > limit).then_some(ApiError::HeadersTooLarge { limit }))
    }

    /// The request id that was sent, if it is valid; else a new one.
    fn request_id(&self, headers: &HeaderMap) -> String {
        let is_valid = |text: &&str| {
            (1..=64).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        headers
            .get(X_REQUEST_ID)
            .and_then(|id| id.to_str().ok())
            .filter(is_valid)
            .map_or_else(|| uuid_v7(self.clock.now(), &*self.randomness).to_string(), str::to_owned)
    }
}

/// The size of all fields as they are sent, each with a colon, a space and a line end.
fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

/// The origin of a CORS preflight request. It may be any text, and no longer than one of a browser.
fn preflight_origin(request: &ServiceRequest) -> Option<String> {
    let headers = request.headers();
    let is_preflight =
        *request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let origin = headers.get(ORIGIN).filter(|_| is_preflight)?.to_str().ok()?;
    // A browser sends no user name.
    Some(if origin.contains('@') { "(not an origin)".to_owned() } else { origin.chars().take(300).collect() })
}

/// Says which origin was refused, and which setting would allow it.
fn log_refused_preflight<B>(response: &ServiceResponse<B>, origin: &str, setting: &str) {
    if response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) && !is_refused_preflight(response) {
        return;
    }
    match response.response().error().and_then(|error| error.as_error::<CorsError>()) {
        None | Some(CorsError::OriginNotAllowed) => {
            tracing::warn!(
                origin,
                setting,
                "refused a CORS preflight: the setting does not list this origin"
            );
        }
        Some(error) => tracing::warn!(origin, %error, "refused a CORS preflight"),
    }
}

/// Whether the CORS library refused the request. It answers in a format of its own.
fn is_refused_preflight<B>(response: &ServiceResponse<B>) -> bool {
    response.response().error().is_some_and(|error| error.as_error::<CorsError>().is_some())
}
