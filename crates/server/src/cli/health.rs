use std::time::Duration;

use clap::Args;
use reqwest::redirect::Policy;
use serde_json::json;

use super::output::{answer, say, warn};
use super::{CommandError, Context, Format, runtime};
use crate::shutdown::reachable;

/// A server that takes longer is not ready.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  asteroid health\n  \
    asteroid health --url http://127.0.0.1:9000\n\n\
    The exit status is 0 if the server is ready, 1 if not.")]
pub(super) struct HealthArguments {
    /// The base URL of the server; by default the address of http.bind.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Why a server is not ready: text for people, and the `reason` for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum NotReady {
    #[error("the URL does not start with http://, or is not valid")]
    NoUrl,
    #[error("the server cannot be reached")]
    Unreachable,
    #[error("no response within {} s", PATIENCE.as_secs())]
    Silent,
    #[error("the connection was closed, or the response is not HTTP")]
    BrokenOff,
    #[error("the response has status {0}")]
    Refuses(reqwest::StatusCode),
}

impl From<reqwest::Error> for NotReady {
    fn from(error: reqwest::Error) -> Self {
        if error.is_builder() {
            Self::NoUrl
        } else if error.is_timeout() {
            Self::Silent
        } else if error.is_connect() {
            Self::Unreachable
        } else {
            Self::BrokenOff
        }
    }
}

pub(super) fn run(context: &Context, arguments: &HealthArguments) -> Result<(), CommandError> {
    let base = if let Some(url) = &arguments.url {
        url.trim_end_matches('/').to_owned()
    } else {
        let bind = context.configuration()?.settings.http.bind;
        if bind.port() == 0 {
            return Err(CommandError::Usage("health", "http.bind has no port: set --url".to_owned()));
        }
        format!("http://{}", reachable(bind))
    };
    let url = format!("{base}/readyz");
    match runtime()?.block_on(ask(&url)) {
        Ok(()) => {
            answer(arguments.format, &json!({ "ready": true, "url": url }), || format!("{url} is ready."))
        }
        Err(reason) => {
            if arguments.format.json {
                say(&serde_json::to_string_pretty(
                    &json!({ "ready": false, "url": url, "reason": reason.to_string() }),
                )?)?;
            } else {
                warn(&format!("{url} is not ready: {reason}"));
            }
            Err(CommandError::Answered {
                code: "not_ready",
                message: format!("{url} is not ready: {reason}"),
            })
        }
    }
}

async fn ask(url: &str) -> Result<(), NotReady> {
    // The errors of the HTTP client about other schemes are hard to understand.
    if !url.starts_with("http://") {
        return Err(NotReady::NoUrl);
    }
    // reqwest makes no client before the process has a TLS provider; an embedder may have installed one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // No proxy: the server itself must answer.
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().redirect(Policy::none()).build()?;
    let status = client.get(url).send().await?.status();
    if status.is_success() { Ok(()) } else { Err(NotReady::Refuses(status)) }
}
