//! The metrics of a store.

use std::future::Future;
use std::time::Instant;

use metrics::{Gauge, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::access::Access;

const UNITS: &str = "asteroid_store_units_in_progress";
const DURATION: &str = "asteroid_store_unit_duration_seconds";
const REFUSED: &str = "asteroid_store_units_refused_total";
const RETRIES: &str = "asteroid_store_unit_retries_total";
const CONNECTIONS: &str = "asteroid_store_connections";
const MAX_CONNECTIONS: &str = "asteroid_store_connections_max";

/// Describes the metrics to the recorder.
pub fn describe() {
    describe_gauge!(UNITS, "Units of work that run or wait, by `access`.");
    describe_histogram!(
        DURATION,
        "How long a unit of work took, with its wait, its transaction and its retries, by `access`."
    );
    describe_counter!(REFUSED, "Units of work that were refused because the queue was full.");
    describe_counter!(
        RETRIES,
        "Units of work that ran again after a conflict of transactions or a lost connection (PostgreSQL)."
    );
    describe_gauge!(CONNECTIONS, "Open connections of the pool, by `state` (PostgreSQL).");
    describe_gauge!(MAX_CONNECTIONS, "The most connections that the pool opens (PostgreSQL).");
    for access in [Access::Read, Access::Write] {
        gauge!(UNITS, "access" => access.name()).set(0);
    }
    counter!(REFUSED).increment(0);
    counter!(RETRIES).increment(0);
}

impl Access {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Measures a unit of work. One whose caller goes away is counted until then.
pub(crate) async fn measured<T>(access: Access, unit: impl Future<Output = T>) -> T {
    let _in_progress = Counted::of(gauge!(UNITS, "access" => access.name()));
    let start = Instant::now();
    let result = unit.await;
    histogram!(DURATION, "access" => access.name()).record(start.elapsed());
    result
}

pub(crate) fn record_refusal() {
    counter!(REFUSED).increment(1);
}

pub(crate) fn record_retry() {
    counter!(RETRIES).increment(1);
}

/// Reports the state of a connection pool.
pub(crate) fn report_pool(open: usize, idle: usize, max: usize) {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    gauge!(CONNECTIONS, "state" => "idle").set(number(idle));
    gauge!(CONNECTIONS, "state" => "in_use").set(number(open.saturating_sub(idle)));
    gauge!(MAX_CONNECTIONS).set(number(max));
}

/// One more in a gauge, until it is dropped.
struct Counted(Gauge);

impl Counted {
    fn of(gauge: Gauge) -> Self {
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}
