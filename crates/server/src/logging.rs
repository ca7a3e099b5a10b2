//! What the server says about itself while it runs: to standard error, as text or JSON.

use std::io::{self, IsTerminal};

use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogFormat, LogSettings};

/// Sends what is logged to standard error, in the form and measure that the settings ask for.
///
/// # Errors
///
/// If something else takes what is logged already.
pub(crate) fn start(settings: &LogSettings) -> Result<(), TryInitError> {
    // What actix tells of its workers' coming and going is told by us, and that a client sent what is no HTTP is no
    // error of ours: anybody could fill the log with it. A level of their own brings either back.
    let quiet = "actix_server=warn,actix_http=off";
    let filter = EnvFilter::builder().parse_lossy(format!("{quiet},{}", settings.level));
    let registry = tracing_subscriber::registry().with(filter);
    let to_stderr = fmt::layer().with_writer(io::stderr);
    match settings.format {
        LogFormat::Text => {
            let to_stderr = to_stderr.with_ansi(io::stderr().is_terminal());
            registry.with(to_stderr.with_filter(filter_fn(is_fit_to_be_told))).try_init()
        }
        LogFormat::Json => {
            let to_stderr = to_stderr.json().flatten_event(true);
            registry.with(to_stderr.with_filter(filter_fn(is_fit_to_be_told))).try_init()
        }
    }
}

/// The driver of `PostgreSQL` tells the values of every statement, names, contacts and hashes among them, to whoever asks
/// for more than its warnings. Nobody gets them.
fn is_fit_to_be_told(event: &Metadata<'_>) -> bool {
    !event.target().starts_with("tokio_postgres") || *event.level() <= Level::WARN
}
