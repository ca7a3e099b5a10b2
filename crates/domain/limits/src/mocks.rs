//! Mocks of this crate's ports, made with mockall: every call that a test does not expect fails it.

use asteroid_kernel::{StorageError, Timestamp};

use crate::{History, LimitKey, LimitRepository, Streak};

mockall::mock! {
    /// Every repository of this crate.
    pub LimitsTx {}

    impl LimitRepository for LimitsTx {
        async fn history(&mut self, key: &LimitKey) -> Result<History, StorageError>;
        async fn keep_history(&mut self, key: &LimitKey, history: &History, useless_at: Timestamp) -> Result<(), StorageError>;
        async fn streak(&mut self, key: &LimitKey) -> Result<Streak, StorageError>;
        async fn keep_streak(&mut self, key: &LimitKey, streak: Streak, useless_at: Timestamp) -> Result<(), StorageError>;
        async fn forget_limit(&mut self, key: &LimitKey) -> Result<(), StorageError>;
        async fn remove_useless_limits(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }
}
