//! The metrics of the server: what is recorded where, and their rendering for `/metrics`.

use std::time::{Duration, Instant};

use asteroid_application::{Monitoring, StoreFigures};
use asteroid_http::MetricsSource;
use asteroid_messaging::Channel;
use metrics::{SetRecorderError, describe_gauge, gauge};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use metrics_process::Collector;
use tokio::sync::Mutex;
use tokio::time::{interval, timeout};

use crate::observed;
use crate::storage::ServerStorage;

const BUILD_INFO: &str = "asteroid_build_info";
const STORE_UP: &str = "asteroid_store_up";

const OUTBOX_WAITING: &str = "asteroid_outbox_waiting";
const OUTBOX_AGE: &str = "asteroid_outbox_oldest_age_seconds";
const SESSIONS: &str = "asteroid_sessions_live";

/// The upper bounds of histograms, in seconds: from a read of the store to the timeout of a request.
const BUCKETS: [f64; 12] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// How long a check of the store may take: less than the usual timeout of a scrape, 10 s.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long figures of the store are recent.
const FIGURES_LIFETIME: Duration = Duration::from_secs(15);
/// How often samples of histograms are put into their buckets, even if nothing scrapes the server.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Why no metrics can be recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetricsError {
    #[error("the buckets of histograms are invalid")]
    Buckets(#[from] BuildError),
    #[error("metrics are recorded already")]
    Installed(#[from] SetRecorderError<PrometheusRecorder>),
}

/// Records all metrics of this process from now on.
pub(crate) fn install() -> Result<PrometheusHandle, MetricsError> {
    let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS)?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)?;
    describe();
    Ok(handle)
}

/// Describes every metric to the recorder.
fn describe() {
    describe_gauge!(BUILD_INFO, "1, with the `version` of the server.");
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1);
    let seconds = FIGURES_LIFETIME.as_secs();
    describe_gauge!(
        STORE_UP,
        format!("Whether the store can be reached and used, asked every {seconds} s at most: 1 or 0.")
    );
    describe_gauge!(
        OUTBOX_WAITING,
        format!(
            "Messages that wait to be delivered, by `channel`; at most {} are counted. NaN while the store cannot be read.",
            StoreFigures::MAX_MESSAGES
        )
    );
    describe_gauge!(
        OUTBOX_AGE,
        "The age of the oldest waiting message in seconds, by `channel`; 0 if none waits, NaN while the store cannot be read."
    );
    describe_gauge!(
        SESSIONS,
        format!(
            "Sessions that are neither expired nor idle, read every {seconds} s at most; at most {} are counted. NaN while \
             the store cannot be read.",
            StoreFigures::MAX_SESSIONS
        )
    );
    asteroid_http::metrics::describe();
    observed::describe();
    asteroid_argon2::metrics::describe();
    asteroid_diesel::metrics::describe();
    asteroid_runtime::metrics::describe();
    Collector::default().describe();
}

/// Puts samples into their buckets, so that a server that nothing scrapes keeps none of them.
pub(crate) async fn upkeep(handle: PrometheusHandle) {
    let mut ticks = interval(UPKEEP_INTERVAL);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

/// What is recorded, and what is read from the store and the process when it is asked for.
pub(crate) struct ServerMetrics<S> {
    handle: PrometheusHandle,
    monitoring: Monitoring<S>,
    /// When the figures of the store were read.
    read_at: Mutex<Option<Instant>>,
}

impl<S: ServerStorage> ServerMetrics<S> {
    pub(crate) fn new(handle: PrometheusHandle, monitoring: Monitoring<S>) -> Self {
        Self { handle, monitoring, read_at: Mutex::default() }
    }

    /// Reads the figures of the store, unless they are recent: many scrapers cost the store no more than one.
    async fn read_store(&self) {
        let mut read_at = self.read_at.lock().await;
        if read_at.is_some_and(|at| at.elapsed() < FIGURES_LIFETIME) {
            return;
        }
        let storage = &self.monitoring.storage;
        let is_up = matches!(timeout(STORE_TIMEOUT, storage.check()).await, Ok(Ok(())));
        gauge!(STORE_UP).set(u8::from(is_up));
        let figures = match timeout(STORE_TIMEOUT, self.monitoring.figures()).await {
            Ok(Ok(figures)) if is_up => Some(figures),
            _ => None,
        };
        report(figures.as_ref());
        // A store that is down is asked again by the next scrape.
        *read_at = figures.is_some().then(Instant::now);
    }
}

/// Reports the figures of the store; [`None`] if it cannot be read.
fn report(figures: Option<&StoreFigures>) {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    for channel in Channel::ALL {
        let backlog = figures.and_then(|figures| {
            let (_, backlog) = figures.backlogs.iter().find(|(of, _)| *of == channel)?;
            let age = backlog.oldest.map_or(0.0, |oldest| figures.read_at.since(oldest).as_secs_f64());
            Some((number(backlog.waiting), age))
        });
        let (waiting, age) = backlog.unwrap_or((f64::NAN, f64::NAN));
        gauge!(OUTBOX_WAITING, "channel" => channel.as_str()).set(waiting);
        gauge!(OUTBOX_AGE, "channel" => channel.as_str()).set(age);
    }
    gauge!(SESSIONS).set(figures.map_or(f64::NAN, |figures| number(figures.live_sessions)));
}

impl<S: ServerStorage> MetricsSource for ServerMetrics<S> {
    async fn render(&self) -> String {
        self.read_store().await;
        self.monitoring.storage.report_pool();
        Collector::default().collect();
        self.handle.render()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use metrics::{
        Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit, with_local_recorder,
    };

    use super::*;

    /// The rows of a table of all described metrics, by name.
    #[derive(Default)]
    struct Rows(Mutex<BTreeMap<String, String>>);

    impl Rows {
        fn add(&self, kind: &str, name: &KeyName, help: &SharedString) {
            let name = name.as_str();
            let row = format!("| `{name}` | {kind} | {help} |");
            self.0.lock().expect("not poisoned").insert(name.to_owned(), row);
        }
    }

    impl Recorder for Rows {
        fn describe_counter(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
            self.add("counter", &name, &help);
        }

        fn describe_gauge(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
            self.add("gauge", &name, &help);
        }

        fn describe_histogram(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
            self.add("histogram", &name, &help);
        }

        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            Counter::noop()
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    fn described() -> BTreeMap<String, String> {
        let rows = Rows::default();
        with_local_recorder(&rows, describe);
        rows.0.into_inner().expect("not poisoned")
    }

    #[test]
    fn the_guide_lists_every_metric_as_it_is_described() {
        let guide = include_str!("../../../docs/monitoring/README.md");
        let listed: Vec<&str> = guide.lines().filter(|line| line.starts_with("| `")).collect();
        let described = described();
        let described: Vec<&str> = described.values().map(String::as_str).collect();
        assert_eq!(
            listed,
            described,
            "the table of docs/monitoring/README.md should be:\n{}",
            described.join("\n")
        );
    }

    #[test]
    fn the_dashboard_and_the_alerts_use_described_metrics_alone() {
        let described = described();
        for (name, text) in [
            ("dashboard.json", include_str!("../../../docs/monitoring/dashboard.json")),
            ("alerts.yml", include_str!("../../../docs/monitoring/alerts.yml")),
        ] {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let used: Vec<&str> =
                words.filter(|word| word.starts_with("asteroid_") || word.starts_with("process_")).collect();
            assert!(used.len() > 5, "{name} uses metrics");
            for used in used {
                let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| used.strip_suffix(suffix));
                let is_described =
                    described.contains_key(used) || base.is_some_and(|base| described.contains_key(base));
                assert!(is_described, "{name} uses {used}, which is not recorded");
            }
        }
    }

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        for row in described().values() {
            let mut cells = row.split(" | ");
            let (name, kind) = (cells.next().expect("a name"), cells.next().expect("a kind"));
            let name = name.trim_start_matches("| `").trim_end_matches('`');
            assert!(name.starts_with("asteroid_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
            assert!(kind != "histogram" || name.ends_with("_seconds"), "{name}");
        }
    }
}
