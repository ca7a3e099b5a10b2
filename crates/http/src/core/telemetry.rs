use std::sync::Arc;
use std::time::Instant;

use actix_cors::CorsError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse};
use asteroid_kernel::{Clock, Randomness, uuid_v7};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::ApiError;
use super::chunked::SharedPayload;
use super::cors::hide_from_other_origins;
use super::origin::RequestId;
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
        let line = AccessLog::open(&request, &id);
        let span = line.span.clone();
        request.extensions_mut().insert(RequestId(id.clone()));
        let payload = SharedPayload::of(&mut request);

        let mut response = if let Some(error) = self.head_error(request.headers()) {
            let answer = (self.answer)(request.path(), &error);
            request.into_response(answer)
        } else {
            let response = async { next.call(request).await }.instrument(span).await?;
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
        line.close(response.status().as_u16());
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

/// Whether the CORS library refused the request. It answers in a format of its own.
fn is_refused_preflight<B>(response: &ServiceResponse<B>) -> bool {
    response.response().error().is_some_and(|error| error.as_error::<CorsError>().is_some())
}

/// The span of a request and its line in the access log. The line is written even if the client disconnects before the
/// answer.
struct AccessLog {
    span: Span,
    started: Instant,
    status: Option<u16>,
}

impl AccessLog {
    /// The path and the query are not logged: they may hold personal data.
    fn open(request: &ServiceRequest, request_id: &str) -> Self {
        let route = request.match_pattern();
        let route = route.as_deref().map_or("none", |route| match route.trim_end_matches('/') {
            "" => "/",
            route => route,
        });
        let span = tracing::info_span!(
            "request",
            request_id,
            method = request.method().as_str(),
            route,
            status = Empty,
            duration_ms = Empty
        );
        Self { span, started: Instant::now(), status: None }
    }

    fn close(mut self, status: u16) {
        self.status = Some(status);
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.span.record("duration_ms", millis);
        let _entered = self.span.enter();
        if let Some(status) = self.status {
            self.span.record("status", status);
            // A page that polls every second would fill the log.
            if status == 304 {
                tracing::debug!("answered");
            } else {
                tracing::info!("answered");
            }
        } else {
            tracing::info!("the client disconnected");
        }
    }
}
