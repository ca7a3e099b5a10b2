use std::time::Duration;

use asteroid_application::{AllRepositories, Retention};
use asteroid_kernel::Storage;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::supervise::supervise;

/// The pause between two rounds, after a failed one, too.
pub(crate) const RETENTION_INTERVAL: Duration = Duration::from_mins(10);

/// Removes expired data in every interval, until it is stopped or the sender is dropped.
pub(crate) async fn run<S>(retention: Retention<S>, mut stopped: watch::Receiver<bool>)
where
    S: Storage<Tx: AllRepositories>,
{
    while !*stopped.borrow() {
        if let Some(removed) = supervise("retention", retention.sweep()).await {
            tracing::debug!(?removed, "removed expired data");
        }
        tokio::select! {
            () = sleep(RETENTION_INTERVAL) => {}
            changed = stopped.changed() => if changed.is_err() { return },
        }
    }
}

#[cfg(test)]
mod tests;
