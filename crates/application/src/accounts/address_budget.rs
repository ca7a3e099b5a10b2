//! The budget of failed tries from one network, whatever is tried.

use asteroid_limits::LimitKey;

use super::RequestContext;
use super::budgets::Budget;

/// The budget of the caller's network: an IPv4 address, or an IPv6 /64. [`None`] if limits are off, or the caller's address is
/// unknown.
pub(super) fn address_budget(context: &RequestContext) -> Option<Budget> {
    let limits = &context.rules().limits;
    let network = context.origin.network().filter(|_| limits.enabled)?;
    Some(Budget::per_window(LimitKey::new("failed-tries", network), limits.failures_from_address.clone()))
}
