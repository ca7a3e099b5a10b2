//! The budget of failed tries from one network, whatever is tried.

use asteroid_audit::{Action, AuditRepository};
use asteroid_kernel::{Contact, StorageError, UserId};
use asteroid_limits::{LimitKey, LimitRepository};

use super::RequestContext;
use super::admission::{TryAdmission, refuse_try};
use super::budgets::{Budget, HeldTry};

/// The budget of the caller's network: an IPv4 address, or an IPv6 /64. [`None`] if limits are off, or the caller's address is
/// unknown.
fn address_budget(context: &RequestContext) -> Option<Budget> {
    let limits = &context.rules().limits;
    let network = context.origin.network().filter(|_| limits.enabled)?;
    Some(Budget::per_window(LimitKey::new("failed-tries", network), limits.failures_from_address.clone()))
}

/// Holds a try against the budget of the caller's network, which is the first that a try locks. It does not go on if this
/// returns an admission. The event is what the audit trail gets if the try is refused and `recorded`.
pub(super) async fn hold_address<Tx: LimitRepository + AuditRepository, T>(
    tx: &mut Tx,
    held: &mut HeldTry<'_>,
    event: (Action, Option<UserId>, Option<&Contact>),
    context: &RequestContext,
    recorded: bool,
) -> Result<Option<TryAdmission<T>>, StorageError> {
    let Some(budget) = address_budget(context) else { return Ok(None) };
    if let Some(limited) = held.against(tx, budget).await?.limited {
        return refuse_try(tx, &limited, event, context, recorded).await.map(Some);
    }
    let busy = held.busy();
    Ok((!busy.is_empty()).then_some(TryAdmission::Busy(busy)))
}
