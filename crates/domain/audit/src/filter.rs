use std::net::IpAddr;

use asteroid_kernel::{Timestamp, UserId};

use crate::{Action, AuditEvent, Outcome};

/// The conditions on events in a listing of the audit trail. An event has to meet all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only events that concern this user.
    pub user: Option<UserId>,
    /// Only events of this action.
    pub action: Option<Action>,
    /// Only events with this outcome.
    pub outcome: Option<Outcome>,
    /// Only events of requests from this address.
    pub ip: Option<IpAddr>,
    /// Only events at this time or later.
    pub since: Option<Timestamp>,
    /// Only events before this time.
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    /// Whether the filter accepts this event.
    #[must_use]
    pub fn wants(&self, event: &AuditEvent) -> bool {
        self.user.is_none_or(|user| event.user == Some(user))
            && self.action.is_none_or(|action| event.action == action)
            && self.outcome.is_none_or(|outcome| event.outcome == outcome)
            && self.ip.is_none_or(|ip| event.origin.ip == Some(ip))
            && self.since.is_none_or(|since| event.at >= since)
            && self.until.is_none_or(|until| event.at < until)
    }
}
