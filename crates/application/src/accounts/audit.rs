//! Events of accounts in the audit trail.

use asteroid_audit::{Action, AuditEvent, AuditRepository, Outcome};
use asteroid_kernel::{Contact, StorageError, UserId};

use super::RequestContext;

/// Adds an event to the audit trail.
pub(super) async fn audit<Tx: AuditRepository>(
    tx: &mut Tx,
    action: Action,
    outcome: Outcome,
    user: Option<UserId>,
    contact: Option<&Contact>,
    context: &RequestContext,
) -> Result<(), StorageError> {
    let event = AuditEvent::new(action, outcome, &context.origin, context.now, context.randomness());
    let event = event.of_user(user);
    let event = if let Some(contact) = contact { event.with_contact(contact) } else { event };
    tx.record_event(&event).await
}
