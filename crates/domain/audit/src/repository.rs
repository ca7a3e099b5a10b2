use asteroid_kernel::{AuditEventId, StorageError, Timestamp, UserId};

use crate::{AuditEvent, AuditFilter};

asteroid_kernel::repository! {
    /// Stores the audit trail. Events are inserted and, after their retention period, removed. They are never changed, except
    /// that those of a deleted user lose what is personal.
    pub trait AuditRepository {
        /// Inserts an event.
        write fn record_event(&mut self, event: &AuditEvent) -> Result<(), StorageError>;

        /// The events that the filter accepts, newest first by their ids: at most `at_most`, starting after the event
        /// `before`, which need not exist any more. An event that is recorded meanwhile does not move the others.
        read fn list_events(
            &mut self,
            filter: &AuditFilter,
            before: Option<AuditEventId>,
            at_most: usize,
        ) -> Result<Vec<AuditEvent>, StorageError>;

        /// Removes what is personal from the events of a user, and from those without a user that have one of these masked
        /// contacts: the contact, and the address and the client of the request unless an operator made it. Returns the
        /// number of these events.
        write fn anonymize_events(
            &mut self,
            user: UserId,
            masked_contacts: &[String],
        ) -> Result<u64, StorageError>;

        /// Removes the events before this time. Returns their number.
        write fn forget_events(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }
}
