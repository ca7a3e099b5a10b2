use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::output::answer;
use super::{Context, Failure, Format, runtime};
use crate::stop::reachable;

/// A server that takes longer is not ready.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  asteroid health\n  \
    asteroid health --url http://127.0.0.1:9000\n\n\
    The exit status is 0 if the server is ready, 1 if not.")]
pub(super) struct Arguments {
    /// The server to ask; the one that http.bind names if left out.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Why a server does not count as ready.
#[derive(Debug, thiserror::Error)]
enum NotReady {
    #[error("http.bind names no port: say --url")]
    NoPort,
    #[error("{0} cannot be asked")]
    Unreachable(String, #[source] reqwest::Error),
    #[error("{url} answers {status}")]
    Refuses { url: String, status: reqwest::StatusCode },
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let base = if let Some(url) = &arguments.url {
        url.trim_end_matches('/').to_owned()
    } else {
        let bind = context.configuration()?.settings.http.bind;
        if bind.port() == 0 {
            return Err(NotReady::NoPort.into());
        }
        format!("http://{}", reachable(bind))
    };
    let url = format!("{base}/readyz");
    runtime()?.block_on(ask(&url))?;
    answer(arguments.format, &json!({ "ready": true, "url": url }), || format!("{url} is ready."))
}

async fn ask(url: &str) -> Result<(), NotReady> {
    let unreachable = |error: reqwest::Error| NotReady::Unreachable(url.to_owned(), error.without_url());
    // Whatever proxy this machine uses, the server is asked itself.
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().map_err(unreachable)?;
    let status = client.get(url).send().await.map_err(unreachable)?.status();
    if status.is_success() { Ok(()) } else { Err(NotReady::Refuses { url: url.to_owned(), status }) }
}
