//! Reading the audit trail.

use asteroid_audit::{AuditEvent, AuditFilter, AuditRepository};
use asteroid_kernel::{AuditEventId, Storage, StorageError, unit_of_work};

use super::Page;

pub(super) async fn list<S: Storage<Tx: AuditRepository>>(
    storage: &S,
    filter: AuditFilter,
    before: Option<AuditEventId>,
    at_most: usize,
) -> Result<Page<AuditEvent, AuditEventId>, StorageError> {
    let list = unit_of_work((filter, before, at_most), |(filter, before, at_most), tx: &mut S::Tx| {
        Box::pin(tx.list_events(filter, *before, at_most.saturating_add(1)))
    });
    Ok(Page::by(storage.read(list).await?, at_most, |event| event.id))
}
