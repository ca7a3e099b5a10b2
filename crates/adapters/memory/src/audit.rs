//! [`AuditRepository`] in memory.

use asteroid_audit::{AuditEvent, AuditFilter, AuditRepository};
use asteroid_kernel::{AuditEventId, StorageError, Timestamp, UserId};

use crate::MemoryTx;
use crate::table::{remove_where, update_where};

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

    async fn anonymize_events(
        &mut self,
        user: UserId,
        masked_contacts: &[String],
    ) -> Result<u64, StorageError> {
        let is_about = |event: &AuditEvent| match event.user {
            Some(of) => of == user,
            None => event.contact.as_ref().is_some_and(|contact| masked_contacts.contains(contact)),
        };
        Ok(update_where(&mut self.state_mut()?.events, is_about, |event| {
            event.contact = None;
            if event.operator.is_none() {
                (event.origin.ip, event.origin.user_agent) = (None, None);
            }
        }))
    }

    async fn forget_events(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.events, |_, event| event.at < before))
    }
}
