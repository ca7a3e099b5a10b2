//! [`AuditRepository`] in memory.

use asteroid_audit::{AuditEvent, AuditRepository};
use asteroid_kernel::{StorageError, Timestamp};

use crate::MemoryTx;
use crate::table::remove_where;

impl AuditRepository for MemoryTx {
    async fn record_event(&mut self, event: &AuditEvent) -> Result<(), StorageError> {
        self.state_mut()?.events.insert((event.at, event.id), event.clone());
        Ok(())
    }

    async fn latest_events(&mut self, at_most: usize) -> Result<Vec<AuditEvent>, StorageError> {
        Ok(self.state().events.values().rev().take(at_most).cloned().collect())
    }

    async fn forget_events(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.events, |event| event.at < before))
    }
}
