//! Who administers, and what the audit trail keeps of it.

use std::sync::Arc;

use asteroid_audit::{Action, AuditEvent, Outcome};
use asteroid_kernel::{Origin, Randomness, Timestamp};

/// The person who administers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The name for the audit trail.
    pub name: String,
    /// Where the operator acts from.
    pub origin: Origin,
}

/// An act of an operator. Fixed before its unit of work runs, so that running it again does the same.
#[derive(Clone)]
pub(crate) struct Act {
    pub(crate) operator: Operator,
    pub(crate) now: Timestamp,
    pub(crate) randomness: Arc<dyn Randomness>,
}

impl Act {
    /// The event that the act was done.
    pub(crate) fn event(&self, action: Action) -> AuditEvent {
        let Operator { name, origin } = &self.operator;
        AuditEvent::new(action, Outcome::Done, origin, self.now, &*self.randomness).by_operator(name)
    }
}
