//! Logging to standard error, as text or JSON.

use std::io::{self, IsTerminal};

use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Registry, fmt};

use crate::config::{LogFormat, LogSettings};

/// The level of the log, which can be changed.
#[derive(Clone, Debug)]
pub(crate) struct LogLevel(Handle<EnvFilter, Registry>);

impl LogLevel {
    /// Logs at this level from now on.
    ///
    /// # Errors
    ///
    /// If logging has ended.
    pub(crate) fn set(&self, level: &str) -> Result<(), reload::Error> {
        self.0.reload(filter(level))
    }
}

fn filter(level: &str) -> EnvFilter {
    // The server logs its own start and stop, and any client could fill the log with invalid HTTP. An explicit level for
    // these targets overrides this.
    let quiet = "actix_server=warn,actix_http=off";
    EnvFilter::builder().parse_lossy(format!("{quiet},{level}"))
}

/// Starts logging to standard error, in the configured format and at the configured level.
///
/// # Errors
///
/// If a global subscriber is already set.
pub(crate) fn start(settings: &LogSettings) -> Result<LogLevel, TryInitError> {
    let (filter, level) = reload::Layer::new(filter(&settings.level));
    let registry = tracing_subscriber::registry().with(filter);
    let to_stderr = fmt::layer().with_writer(io::stderr);
    match settings.format {
        LogFormat::Text => {
            let to_stderr = to_stderr.with_ansi(io::stderr().is_terminal());
            registry.with(to_stderr.with_filter(filter_fn(is_fit_to_be_told))).try_init()?;
        }
        LogFormat::Json => {
            // The list of spans has the current one, too.
            let to_stderr = to_stderr.json().flatten_event(true).with_current_span(false);
            registry.with(to_stderr.with_filter(filter_fn(is_fit_to_be_told))).try_init()?;
        }
    }
    Ok(LogLevel(level))
}

/// The `PostgreSQL` driver logs the values of statements, which contain names, contacts and hashes, below its warnings. They
/// are never logged.
fn is_fit_to_be_told(event: &Metadata<'_>) -> bool {
    !event.target().starts_with("tokio_postgres") || *event.level() <= Level::WARN
}
