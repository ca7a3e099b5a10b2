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

/// Stands around everything: gives each request its id, its span in the log and its line there.
pub(crate) struct Telemetry {
    /// Dates the ids.
    pub(crate) clock: Arc<dyn Clock>,
    /// Makes them unique.
    pub(crate) randomness: Arc<dyn Randomness>,
    /// The most bytes of a request's header fields.
    pub(crate) header_limit: usize,
    /// The answer to a request for this path that failed so outside any surface.
    pub(crate) answer: fn(&str, &ApiError) -> HttpResponse,
}

impl Telemetry {
    /// Lets a request through.
    pub(crate) async fn pass<B: MessageBody + 'static>(
        self: Arc<Self>,
        mut request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let id = self.request_id(request.headers());
        let line = AccessLine::open(&request, &id);
        let span = line.span.clone();
        request.extensions_mut().insert(RequestId(id.clone()));
        let payload = SharedPayload::of(&mut request);

        let mut response = if let Some(error) = self.head_fault(request.headers()) {
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

    /// What is wrong with the head of the request.
    fn head_fault(&self, headers: &HeaderMap) -> Option<ApiError> {
        let limit = self.header_limit;
        let error = HeadError::of(headers).map(ApiError::InvalidHead);
        error.or_else(|| (size(headers) > limit).then_some(ApiError::HeadersTooLarge { limit }))
    }

    /// The id that was sent, if it is sane; else a new one.
    fn request_id(&self, headers: &HeaderMap) -> String {
        let sane = |text: &&str| {
            (1..=64).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        headers
            .get(X_REQUEST_ID)
            .and_then(|id| id.to_str().ok())
            .filter(sane)
            .map_or_else(|| uuid_v7(self.clock.now(), &*self.randomness).to_string(), str::to_owned)
    }
}

/// The bytes of all fields as they are sent, each with a colon, a space and the end of its line.
fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

/// Whether the library that knows CORS refused: it does so in message of its own.
fn is_refused_preflight<B>(response: &ServiceResponse<B>) -> bool {
    response.response().error().is_some_and(|error| error.as_error::<CorsError>().is_some())
}

/// The request's span, and its one line in the log, also if the client goes away before there is an answer.
struct AccessLine {
    span: Span,
    started: Instant,
    status: Option<u16>,
}

impl AccessLine {
    /// Neither the path nor the query is written: they may hold what is nobody's business.
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

impl Drop for AccessLine {
    fn drop(&mut self) {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.span.record("duration_ms", millis);
        let _entered = self.span.enter();
        if let Some(status) = self.status {
            self.span.record("status", status);
            // A page that asks every second whether there is anything new would fill the log.
            if status == 304 {
                tracing::debug!("answered");
            } else {
                tracing::info!("answered");
            }
        } else {
            tracing::info!("the client went away");
        }
    }
}
