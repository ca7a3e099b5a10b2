use asteroid_kernel::{StorageError, Timestamp};

use crate::AuditEvent;

asteroid_kernel::repository! {
    /// Stores the audit trail. Events are inserted and, after their retention period, removed. They are never changed.
    pub trait AuditRepository {
        /// Inserts an event.
        write fn record_event(&mut self, event: &AuditEvent) -> Result<(), StorageError>;

        /// The latest events, newest first, at most `at_most`.
        read fn latest_events(&mut self, at_most: usize) -> Result<Vec<AuditEvent>, StorageError>;

        /// Removes the events before this time. Returns their number.
        write fn forget_events(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }
}
