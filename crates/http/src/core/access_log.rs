//! The access log: a line for each request.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::web::Bytes;
use asteroid_kernel::{Origin, UserId};
use tracing::Span;

use crate::metrics::{InFlight, record_request};

/// The user whose token a request has. The use cases have checked it.
#[derive(Clone, Copy)]
pub(super) struct AuthenticatedUser(pub(super) UserId);

/// How an answer ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AnswerEnd {
    /// All of it was handed to the connection.
    Complete,
    /// The client went away before.
    Disconnected,
    /// The server could not finish it.
    Aborted,
}

/// The span of a request, its line in the access log and its metrics. The line is written even if the client disconnects
/// before the end of the answer.
pub(super) struct AccessLog {
    pub(super) span: Span,
    started: Instant,
    method: Method,
    route: String,
    origin: Origin,
    user: Option<UserId>,
    status: Option<u16>,
    bytes: u64,
    end: AnswerEnd,
    _in_flight: InFlight,
}

impl AccessLog {
    /// The path and the query are not logged: they may hold personal data.
    pub(super) fn open(request: &ServiceRequest, origin: Origin) -> Self {
        let route = request.match_pattern();
        let route = route.as_deref().map_or("none", |route| match route.trim_end_matches('/') {
            "" => "/",
            route => route,
        });
        let (method, route) = (request.method().clone(), route.to_owned());
        let request_id = origin.request_id.as_deref();
        let span = tracing::info_span!("request", request_id, method = method.as_str(), route);
        Self {
            span,
            started: Instant::now(),
            method,
            route,
            origin,
            user: None,
            status: None,
            bytes: 0,
            end: AnswerEnd::Disconnected,
            _in_flight: InFlight::begin(),
        }
    }

    /// Writes the line: at once, or for a streamed answer at its end.
    pub(super) fn close(mut self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        self.status = Some(response.status().as_u16());
        self.user = response.request().extensions().get::<AuthenticatedUser>().map(|user| user.0);
        match response.response().body().size() {
            BodySize::Stream => response.map_body(|_, body| BoxBody::new(LoggedBody { body, log: self })),
            size @ (BodySize::None | BodySize::Sized(_)) => {
                if let (BodySize::Sized(bytes), false) = (size, self.method == Method::HEAD) {
                    self.bytes = bytes;
                }
                self.end = AnswerEnd::Complete;
                response
            }
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        let duration = self.started.elapsed();
        let status = match (self.end, self.status) {
            (AnswerEnd::Complete, Some(status)) => &status.to_string(),
            (AnswerEnd::Aborted, _) => "aborted",
            (AnswerEnd::Disconnected, _) | (AnswerEnd::Complete, None) => "disconnected",
        };
        record_request(&self.method, &self.route, status, duration);
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let client = self.origin.ip.map(tracing::field::display);
        let user_id = self.user.map(|user| user.0);
        // Outside of the span, whose fields it repeats: each field is once in a line.
        macro_rules! line {
            ($level:expr, $message:literal) => {
                tracing::event!(
                    parent: None,
                    $level,
                    method = self.method.as_str(),
                    route = self.route,
                    status = self.status,
                    duration_ms,
                    bytes = self.bytes,
                    client,
                    user_agent = self.origin.user_agent,
                    user_id,
                    request_id = self.origin.request_id,
                    $message
                )
            };
        }
        match self.end {
            AnswerEnd::Disconnected => line!(tracing::Level::INFO, "the client disconnected"),
            AnswerEnd::Aborted => line!(tracing::Level::INFO, "the answer was aborted"),
            // A page that polls every second would fill the log.
            AnswerEnd::Complete if self.status == Some(304) => line!(tracing::Level::DEBUG, "answered"),
            AnswerEnd::Complete => line!(tracing::Level::INFO, "answered"),
        }
    }
}

/// A streamed body, which counts its bytes.
struct LoggedBody {
    body: BoxBody,
    log: AccessLog,
}

impl MessageBody for LoggedBody {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_next(cx);
        match &polled {
            Poll::Ready(Some(Ok(bytes))) => self.log.bytes += bytes.len() as u64,
            Poll::Ready(None) => self.log.end = AnswerEnd::Complete,
            Poll::Ready(Some(Err(_))) => self.log.end = AnswerEnd::Aborted,
            Poll::Pending => {}
        }
        polled
    }
}
