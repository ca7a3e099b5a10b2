use asteroid_kernel::{StorageError, Timestamp};

use crate::AuditEvent;

asteroid_kernel::repository! {
    /// Keeps the audit trail. Events are added and, once old, forgotten; they are never changed.
    pub trait AuditRepository {
        /// Adds an event.
        write fn record_event(&mut self, event: &AuditEvent) -> Result<(), StorageError>;

        /// The latest events, the newest first.
        read fn latest_events(&mut self, at_most: usize) -> Result<Vec<AuditEvent>, StorageError>;

        /// Forgets the events from before then; says how many.
        write fn forget_events(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }
}
