//! The metrics of the hash gate.

use std::time::Duration;

use metrics::{Gauge, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

const THREADS: &str = "asteroid_hash_gate_threads";
const IN_USE: &str = "asteroid_hash_gate_in_use";
const WAITING: &str = "asteroid_hash_gate_waiting";
const REFUSED: &str = "asteroid_hash_gate_refused_total";
const WAIT: &str = "asteroid_hash_gate_wait_seconds";

/// Describes the metrics to the recorder.
pub fn describe() {
    describe_gauge!(THREADS, "Threads that hash passwords.");
    describe_gauge!(IN_USE, "Threads that are hashing a password.");
    describe_gauge!(WAITING, "Passwords that wait for a thread.");
    describe_counter!(
        REFUSED,
        "Passwords that were not hashed, by `reason`: the queue was full (`queue_full`), or the wait too long (`timeout`)."
    );
    describe_histogram!(WAIT, "How long a password waited for a thread.");
    for reason in [Refusal::QueueFull, Refusal::Timeout] {
        counter!(REFUSED, "reason" => reason.name()).increment(0);
    }
    gauge!(IN_USE).set(0);
    gauge!(WAITING).set(0);
}

/// Why a password was not hashed.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    QueueFull,
    Timeout,
}

impl Refusal {
    fn name(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::Timeout => "timeout",
        }
    }
}

pub(crate) fn record_refusal(reason: Refusal) {
    counter!(REFUSED, "reason" => reason.name()).increment(1);
}

pub(crate) fn record_wait(wait: Duration) {
    histogram!(WAIT).record(wait);
}

pub(crate) fn set_threads(threads: usize) {
    gauge!(THREADS).set(u32::try_from(threads).unwrap_or(u32::MAX));
}

/// One more in a gauge, until it is dropped.
pub(crate) struct Counted(Gauge);

impl Counted {
    pub(crate) fn waiting() -> Self {
        Self::of(gauge!(WAITING))
    }

    pub(crate) fn in_use() -> Self {
        Self::of(gauge!(IN_USE))
    }

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
