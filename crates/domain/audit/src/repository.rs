use std::future::Future;

use asteroid_kernel::{StorageError, Timestamp};

use crate::AuditEvent;

/// Keeps the audit trail. Events are added and, once old, forgotten; they are never changed.
pub trait AuditRepository: Send {
    /// Adds an event.
    fn record_event(&mut self, event: &AuditEvent) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// The latest events, the newest first.
    fn latest_events(
        &mut self,
        at_most: usize,
    ) -> impl Future<Output = Result<Vec<AuditEvent>, StorageError>> + Send;

    /// Forgets the events from before then; says how many.
    fn forget_events(&mut self, before: Timestamp) -> impl Future<Output = Result<u64, StorageError>> + Send;
}
