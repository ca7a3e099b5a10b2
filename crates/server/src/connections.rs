//! Connections to the database and to the providers of messages, tried before a start.

use std::time::Duration;

use asteroid_delivery::{AnyTransport, DeliveryUrl};
use serde::Serialize;
use tokio::time::timeout;

use crate::config::{Configuration, Settings};
use crate::reasons::reasons;
use crate::storage::{self, ServerStorage, StoreError, with_storage};

/// The longest that a database may take. The providers have timeouts of their own.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that could be made.
#[derive(Debug, Serialize)]
pub(crate) struct Connection {
    /// The setting with its URL.
    pub(crate) key: &'static str,
    /// What was tried.
    pub(crate) tried: String,
}

/// Tries all connections at the same time, and adds an error to the configuration for each that fails. A setting that already
/// has an error is not tried.
pub(crate) async fn connect_all(configuration: &mut Configuration) -> Vec<Connection> {
    let settings = configuration.settings.clone();
    let (database, email, sms) = tokio::join!(
        when(!configuration.has_problem("database.url"), database(&settings)),
        when(!configuration.has_problem("email.url"), provider(&settings.email.url)),
        when(!configuration.has_problem("sms.url"), provider(&settings.sms.url)),
    );
    let mut connections = Vec::new();
    for (key, outcome) in [("database.url", database), ("email.url", email), ("sms.url", sms)] {
        match outcome {
            None => {}
            Some(Ok(tried)) => connections.push(Connection { key, tried }),
            Some(Err(Failure { wrong, right })) => configuration.add(key, wrong, right),
        }
    }
    connections
}

/// Why a connection cannot be used: what is wrong, and what would be right.
struct Failure {
    wrong: String,
    right: &'static str,
}

async fn when<T>(condition: bool, attempt: impl Future<Output = T>) -> Option<T> {
    if condition { Some(attempt.await) } else { None }
}

async fn provider(url: &DeliveryUrl) -> Result<String, Failure> {
    AnyTransport::from(url.clone()).check_connection().await.map(str::to_owned).map_err(|error| Failure {
        wrong: format!("is \"{url}\", which cannot be used now ({})", reasons(&*error)),
        right: "correct the URL, or see to the provider",
    })
}

async fn database(settings: &Settings) -> Result<String, Failure> {
    let url = &settings.database.url;
    if url.missing_file().is_some() {
        return Ok("there is no file yet; the first start creates it".to_owned());
    }
    let failed = |reason: &str| Failure {
        wrong: format!("is \"{url}\", which cannot be used now ({reason})"),
        right: "correct the URL, or see to the database",
    };
    match timeout(DATABASE_TIMEOUT, pending_migrations(settings)).await {
        Err(_) => Err(failed(&format!("no answer within {} s", DATABASE_TIMEOUT.as_secs()))),
        Ok(Err(error)) => Err(failed(&reasons(&error))),
        Ok(Ok(pending)) if pending.is_empty() => Ok("connected; no migration is pending".to_owned()),
        Ok(Ok(pending)) if settings.database.migrate_at_start => {
            Ok(format!("connected; the next start runs {} migrations", pending.len()))
        }
        Ok(Ok(pending)) => Err(Failure {
            wrong: format!("is \"{url}\", which has pending migrations ({})", pending.join(", ")),
            right: "run `asteroid migrate`, or set database.migrate_at_start",
        }),
    }
}

async fn pending_migrations(settings: &Settings) -> Result<Vec<String>, StoreError> {
    let storage = storage::connect(settings).await?;
    Ok(with_storage!(&storage, |storage| storage.lacks_migrations().await?))
}
