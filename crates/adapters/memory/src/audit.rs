//! [`AuditRepository`] in memory.

use asteroid_audit::{AuditEvent, AuditFilter, AuditRepository};
use asteroid_kernel::{AuditEventId, StorageError, Timestamp};

use crate::MemoryTx;
use crate::table::remove_where;

impl AuditRepository for MemoryTx {
    async fn record_event(&mut self, event: &AuditEvent) -> Result<(), StorageError> {
        self.state_mut()?.events.insert(event.id, event.clone());
        Ok(())
    }

    async fn list_events(
        &mut self,
        filter: &AuditFilter,
        before: Option<AuditEventId>,
        at_most: usize,
    ) -> Result<Vec<AuditEvent>, StorageError> {
        let newest_first = self.state().events.values().rev();
        let older = newest_first.filter(|event| before.is_none_or(|before| event.id < before));
        Ok(older.filter(|event| filter.wants(event)).take(at_most).cloned().collect())
    }

    async fn forget_events(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.events, |event| event.at < before))
    }
}
