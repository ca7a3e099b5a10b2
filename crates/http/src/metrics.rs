//! The metrics of requests.

use std::time::Duration;

use actix_web::http::Method;
use metrics::{Gauge, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

const REQUESTS: &str = "asteroid_http_requests_total";
const DURATION: &str = "asteroid_http_request_duration_seconds";
const IN_FLIGHT: &str = "asteroid_http_requests_in_flight";

/// Describes the metrics to the recorder.
pub fn describe() {
    describe_counter!(
        REQUESTS,
        "Requests, by `method`, `route` (the pattern; `none` without one) and `status` (`disconnected` if the client went \
         away before the end of the answer, `aborted` if the server could not finish it)."
    );
    describe_histogram!(
        DURATION,
        "How long requests took, to the end of a streamed answer, by `method` and `route`."
    );
    describe_gauge!(IN_FLIGHT, "Requests that are being answered.");
    gauge!(IN_FLIGHT).set(0);
}

/// A request that is being answered, until it is dropped.
pub(crate) struct InFlight(Gauge);

impl InFlight {
    pub(crate) fn begin() -> Self {
        let gauge = gauge!(IN_FLIGHT);
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// Counts a request. `status` is one of few: a status, or how the answer ended without one.
pub(crate) fn record_request(method: &Method, route: &str, status: &str, duration: Duration) {
    let (method, route, status) = (method_label(method), route.to_owned(), status.to_owned());
    histogram!(DURATION, "method" => method, "route" => route.clone()).record(duration);
    counter!(REQUESTS, "method" => method, "route" => route, "status" => status).increment(1);
}

/// A client may name any method: the label has only those of RFC 9110 and `PATCH`.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "TRACE" => "TRACE",
        _ => "other",
    }
}
