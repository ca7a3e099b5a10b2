//! Mocks of this crate's ports, made with mockall: every call that a test does not expect fails it.

use asteroid_kernel::{StorageError, Timestamp};

use crate::{AuditEvent, AuditRepository};

mockall::mock! {
    /// Every repository of this crate.
    pub AuditTx {}

    impl AuditRepository for AuditTx {
        async fn record_event(&mut self, event: &AuditEvent) -> Result<(), StorageError>;
        async fn latest_events(&mut self, at_most: usize) -> Result<Vec<AuditEvent>, StorageError>;
        async fn forget_events(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }
}
