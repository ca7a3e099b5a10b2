use asteroid_kernel::Timestamp;
use asteroid_limits::{ConsecutiveFailures, LimitKey, LimitRepository, SlidingWindow};

use super::{CompleteStorage, Store};

impl<S: CompleteStorage> Store<S> {
    pub(crate) async fn window(&self, key: &LimitKey) -> SlidingWindow {
        self.read(key.clone(), |key, tx| Box::pin(tx.window(key))).await
    }

    pub(crate) async fn save_window(&self, key: &LimitKey, window: &SlidingWindow, expires_at: Timestamp) {
        self.write((key.clone(), window.clone(), expires_at), |(key, window, expires_at), tx| {
            Box::pin(tx.save_window(key, window, *expires_at))
        })
        .await;
    }

    pub(crate) async fn failures(&self, key: &LimitKey) -> ConsecutiveFailures {
        self.read(key.clone(), |key, tx| Box::pin(tx.failures(key))).await
    }

    pub(crate) async fn save_failures(
        &self,
        key: &LimitKey,
        failures: ConsecutiveFailures,
        expires_at: Timestamp,
    ) {
        self.write((key.clone(), failures, expires_at), |(key, failures, expires_at), tx| {
            Box::pin(tx.save_failures(key, *failures, *expires_at))
        })
        .await;
    }

    pub(crate) async fn remove_limit(&self, key: &LimitKey) {
        self.write(key.clone(), |key, tx| Box::pin(tx.remove_limit(key))).await;
    }

    pub(crate) async fn remove_expired_limits(&self, now: Timestamp) -> u64 {
        self.write(now, |now, tx| Box::pin(tx.remove_expired_limits(*now))).await
    }
}
