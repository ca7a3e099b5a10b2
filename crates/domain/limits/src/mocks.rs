//! Mocks of this crate's ports, made with mockall: every call that a test does not expect fails it.

use asteroid_kernel::{StorageError, Timestamp};

use crate::{ConsecutiveFailures, LimitKey, LimitRepository, SlidingWindow};

mockall::mock! {
    /// Every repository of this crate.
    pub LimitsTx {}

    impl LimitRepository for LimitsTx {
        async fn window(&mut self, key: &LimitKey) -> Result<SlidingWindow, StorageError>;
        async fn save_window(&mut self, key: &LimitKey, window: &SlidingWindow, expires_at: Timestamp) -> Result<(), StorageError>;
        async fn failures(&mut self, key: &LimitKey) -> Result<ConsecutiveFailures, StorageError>;
        async fn save_failures(&mut self, key: &LimitKey, failures: ConsecutiveFailures, expires_at: Timestamp) -> Result<(), StorageError>;
        async fn remove_limit(&mut self, key: &LimitKey) -> Result<(), StorageError>;
        async fn remove_expired_limits(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }
}
