//! [`AuditRepository`] by diesel.

use std::time::Duration;

use asteroid_audit::{AuditEvent, AuditFilter, AuditRepository};
use asteroid_kernel::{AuditEventId, StorageError, Timestamp, UserId};
use diesel::prelude::*;
use diesel::{delete, insert_into, update};
use uuid::Uuid;

use super::Tx;
use crate::rows::AuditEventRow;
use crate::schema::audit_events::{
    self, action, at, contact, id, ip, operator, outcome, user_agent, user_id,
};
use crate::sql_types::{At, Id};

/// Ids of events have the time to the millisecond.
const ID_RESOLUTION: Duration = Duration::from_millis(1);

impl AuditRepository for Tx {
    async fn record_event(&mut self, event: &AuditEvent) -> Result<(), StorageError> {
        self.execute(insert_into(audit_events::table).values(AuditEventRow::from(event))).await?;
        Ok(())
    }

    async fn list_events(
        &mut self,
        filter: &AuditFilter,
        before: Option<AuditEventId>,
        at_most: usize,
    ) -> Result<Vec<AuditEvent>, StorageError> {
        // Bounded on the first page, too, so that every page is a range of an index.
        let mut query = audit_events::table
            .filter(id.le(Id(Uuid::max())))
            .order(id.desc())
            .select(AuditEventRow::as_select())
            .limit(super::rows(at_most))
            .into_boxed();
        if let Some(before) = before {
            query = query.filter(id.lt(Id(before.0)));
        }
        if let Some(user) = filter.user {
            query = query.filter(user_id.eq(user.0));
        }
        if let Some(wanted) = filter.action {
            query = query.filter(action.eq(wanted.as_str()));
        }
        if let Some(wanted) = filter.outcome {
            query = query.filter(outcome.eq(wanted.as_str()));
        }
        if let Some(address) = filter.ip {
            query = query.filter(ip.eq(address.to_string()));
        }
        // The ids bound the range of each index, because they sort by time.
        if let Some(since) = filter.since {
            query = query.filter(at.ge(At(since))).filter(id.ge(Id(AuditEventId::lowest_at(since).0)));
        }
        if let Some(until) = filter.until {
            let after = AuditEventId::lowest_at(until + ID_RESOLUTION);
            query = query.filter(at.lt(At(until))).filter(id.lt(Id(after.0)));
        }
        let events = self.all::<AuditEventRow, _>(query).await?.into_iter().map(AuditEvent::try_from);
        Ok(events.collect::<Result<_, _>>()?)
    }

    async fn anonymize_events(
        &mut self,
        user: UserId,
        masked_contacts: &[String],
    ) -> Result<u64, StorageError> {
        let no_text = None::<String>;
        let mut count = 0;
        // Two ranges of two indexes, each in two statements: what an operator's request says is the operator's.
        for by_operator in [true, false] {
            let own =
                audit_events::table.filter(user_id.eq(user.0)).filter(operator.is_not_null().eq(by_operator));
            let unknown = audit_events::table
                .filter(user_id.is_null())
                .filter(contact.is_not_null())
                .filter(contact.eq_any(masked_contacts))
                .filter(operator.is_not_null().eq(by_operator));
            if by_operator {
                count += self.execute(update(own).set(contact.eq(&no_text))).await?;
                count += self.execute(update(unknown).set(contact.eq(&no_text))).await?;
            } else {
                let nothing = (contact.eq(&no_text), ip.eq(&no_text), user_agent.eq(&no_text));
                count += self.execute(update(own).set(nothing)).await?;
                count += self.execute(update(unknown).set(nothing)).await?;
            }
        }
        Ok(count)
    }

    async fn forget_events(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        self.execute(delete(audit_events::table.filter(at.lt(At(before))))).await
    }
}
