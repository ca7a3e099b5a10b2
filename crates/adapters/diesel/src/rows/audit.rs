//! Rows of `audit_events`.

use asteroid_audit::{Action, AuditEvent, Outcome};
use asteroid_kernel::{AuditEventId, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::audit_events;
use crate::sql_types::{At, Id};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = audit_events, check_for_backend(Pg, Sqlite), treat_none_as_default_value = false)]
pub(crate) struct AuditEventRow {
    id: Id,
    at: At,
    action: String,
    outcome: String,
    user_id: Option<i64>,
    contact: Option<String>,
    operator: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
}

impl From<&AuditEvent> for AuditEventRow {
    fn from(event: &AuditEvent) -> Self {
        Self {
            id: Id(event.id.0),
            at: At(event.at),
            action: event.action.as_str().to_owned(),
            outcome: event.outcome.as_str().to_owned(),
            user_id: event.user.map(|user| user.0),
            contact: event.contact.clone(),
            operator: event.operator.clone(),
            ip: event.origin.ip.map(|ip| ip.to_string()),
            user_agent: event.origin.user_agent.clone(),
            request_id: event.origin.request_id.clone(),
        }
    }
}

impl TryFrom<AuditEventRow> for AuditEvent {
    type Error = UnreadableColumn;

    fn try_from(row: AuditEventRow) -> Result<Self, UnreadableColumn> {
        Ok(Self {
            id: AuditEventId(row.id.0),
            at: row.at.0,
            action: Action::parse(&row.action).ok_or(UnreadableColumn("audit_events.action"))?,
            outcome: Outcome::parse(&row.outcome).ok_or(UnreadableColumn("audit_events.outcome"))?,
            user: row.user_id.map(UserId),
            contact: row.contact,
            operator: row.operator,
            origin: super::origin(row.ip.as_deref(), row.user_agent, row.request_id, "audit_events.ip")?,
        })
    }
}
