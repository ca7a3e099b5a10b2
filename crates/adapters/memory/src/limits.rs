//! [`LimitRepository`] in memory.

use asteroid_kernel::{StorageError, Timestamp};
use asteroid_limits::{ConsecutiveFailures, LimitKey, LimitRepository, SlidingWindow};

use crate::MemoryTx;
use crate::table::remove_where;

/// The limit under one key.
#[derive(Clone)]
pub(crate) struct StoredLimit {
    limit: Limit,
    expires_at: Timestamp,
}

/// The two kinds of limits.
#[derive(Clone)]
enum Limit {
    SlidingWindow(SlidingWindow),
    ConsecutiveFailures(ConsecutiveFailures),
}

impl MemoryTx {
    fn limit(&self, key: &LimitKey) -> Option<&Limit> {
        self.state().limits.get(key).map(|stored| &stored.limit)
    }

    fn save_limit(
        &mut self,
        key: &LimitKey,
        limit: Limit,
        expires_at: Timestamp,
    ) -> Result<(), StorageError> {
        self.state_mut()?.limits.insert(key.clone(), StoredLimit { limit, expires_at });
        Ok(())
    }
}

// Write units run one after another, so a read-modify-write of a key is never interleaved.
impl LimitRepository for MemoryTx {
    async fn window(&mut self, key: &LimitKey) -> Result<SlidingWindow, StorageError> {
        Ok(match self.limit(key) {
            Some(Limit::SlidingWindow(window)) => window.clone(),
            Some(Limit::ConsecutiveFailures(_)) | None => SlidingWindow::default(),
        })
    }

    async fn save_window(
        &mut self,
        key: &LimitKey,
        window: &SlidingWindow,
        expires_at: Timestamp,
    ) -> Result<(), StorageError> {
        self.save_limit(key, Limit::SlidingWindow(window.clone()), expires_at)
    }

    async fn failures(&mut self, key: &LimitKey) -> Result<ConsecutiveFailures, StorageError> {
        Ok(match self.limit(key) {
            Some(Limit::ConsecutiveFailures(failures)) => *failures,
            Some(Limit::SlidingWindow(_)) | None => ConsecutiveFailures::default(),
        })
    }

    async fn save_failures(
        &mut self,
        key: &LimitKey,
        failures: ConsecutiveFailures,
        expires_at: Timestamp,
    ) -> Result<(), StorageError> {
        self.save_limit(key, Limit::ConsecutiveFailures(failures), expires_at)
    }

    async fn remove_limit(&mut self, key: &LimitKey) -> Result<(), StorageError> {
        self.state_mut()?.limits.remove(key);
        Ok(())
    }

    async fn remove_limits_of(&mut self, subject: &str) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.limits, |key, _| key.is_about(subject)))
    }

    async fn remove_expired_limits(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.limits, |_, stored| stored.expires_at <= now))
    }
}
