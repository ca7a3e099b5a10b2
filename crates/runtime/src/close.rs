use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

/// How often a shared storage is checked, and how many times.
const CHECK_INTERVAL: Duration = Duration::from_millis(5);
const CHECKS: u32 = 200;

/// Drops the storage once no other part of the process shares it, which closes it after the work that it has accepted.
/// False, after a second, if it is still shared: HTTP worker threads may drop their share a little later than the server
/// reports its end.
pub async fn close_storage<S>(mut storage: Arc<S>) -> bool {
    for _ in 0..CHECKS {
        match Arc::try_unwrap(storage) {
            Ok(last) => {
                drop(last);
                return true;
            }
            Err(shared) => storage = shared,
        }
        sleep(CHECK_INTERVAL).await;
    }
    tracing::warn!("the database was not closed: it is still in use");
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn storage_closes_when_the_last_share_is_dropped() {
        let storage = Arc::new(());
        let share = Arc::clone(&storage);
        let closing = tokio::spawn(close_storage(storage));
        sleep(Duration::from_millis(100)).await;
        assert!(!closing.is_finished());
        drop(share);
        assert!(closing.await.expect("no panic"));
    }

    #[tokio::test(start_paused = true)]
    async fn storage_that_stays_shared_delays_shutdown_by_a_second_at_most() {
        let storage = Arc::new(());
        let _share = Arc::clone(&storage);
        assert!(!close_storage(storage).await);
    }
}
