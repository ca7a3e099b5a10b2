//! [`EventCountRepository`] by diesel.

use std::time::Duration;

use asteroid_audit::{Action, EventCount, EventCountRepository, HOUR, Outcome};
use asteroid_kernel::{AuditEventId, StorageError, Timestamp};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel::{delete, insert_into};

use super::Tx;
use crate::rows::UnreadableColumn;
use crate::schema::{audit_events, event_counts};
use crate::sql_types::{At, Id};

/// A count of a row.
fn count(hour: Timestamp, action: &str, outcome: &str, number: i64) -> Result<EventCount, UnreadableColumn> {
    Ok(EventCount {
        hour,
        action: Action::parse(action).ok_or(UnreadableColumn("event_counts.action"))?,
        outcome: Outcome::parse(outcome).ok_or(UnreadableColumn("event_counts.outcome"))?,
        number: u64::try_from(number).map_err(|_| UnreadableColumn("event_counts.number"))?,
    })
}

impl EventCountRepository for Tx {
    async fn count_events(&mut self, hour: Timestamp) -> Result<Vec<EventCount>, StorageError> {
        // The ids bound the range of the table, because they sort by time, to the millisecond.
        let (from, until) = (hour, hour + HOUR);
        let first = AuditEventId::lowest_at(from);
        let last = AuditEventId::lowest_at(until + Duration::from_millis(1));
        let query = audit_events::table
            .filter(audit_events::id.ge(Id(first.0)))
            .filter(audit_events::id.lt(Id(last.0)))
            .filter(audit_events::at.ge(At(from)))
            .filter(audit_events::at.lt(At(until)))
            .group_by((audit_events::action, audit_events::outcome))
            .order((audit_events::action, audit_events::outcome))
            .select((audit_events::action, audit_events::outcome, count_star()));
        let rows: Vec<(String, String, i64)> = self.all(query).await?;
        let counts = rows.iter().map(|(action, outcome, number)| count(hour, action, outcome, *number));
        let mut counts = counts.collect::<Result<Vec<_>, _>>()?;
        counts.sort_unstable();
        Ok(counts)
    }

    async fn store_counts(&mut self, counts: &[EventCount]) -> Result<(), StorageError> {
        for count in counts {
            let row = (
                event_counts::hour.eq(At(count.hour)),
                event_counts::action.eq(count.action.as_str()),
                event_counts::outcome.eq(count.outcome.as_str()),
                event_counts::number.eq(i64::try_from(count.number).unwrap_or(i64::MAX)),
            );
            let key = (event_counts::hour, event_counts::action, event_counts::outcome);
            let put = insert_into(event_counts::table).values(row).on_conflict(key);
            self.execute(put.do_update().set(event_counts::number.eq(excluded(event_counts::number))))
                .await?;
        }
        Ok(())
    }

    async fn stored_counts(&mut self, since: Timestamp) -> Result<Vec<EventCount>, StorageError> {
        let query = event_counts::table
            .filter(event_counts::hour.ge(At(since)))
            .order(event_counts::hour)
            .select((event_counts::hour, event_counts::action, event_counts::outcome, event_counts::number));
        let rows: Vec<(At, String, String, i64)> = self.all(query).await?;
        let counts =
            rows.iter().map(|(At(hour), action, outcome, number)| count(*hour, action, outcome, *number));
        let mut counts = counts.collect::<Result<Vec<_>, _>>()?;
        counts.sort_unstable();
        Ok(counts)
    }

    async fn last_counted_hour(&mut self) -> Result<Option<Timestamp>, StorageError> {
        let query = event_counts::table.order(event_counts::hour.desc()).select(event_counts::hour).limit(1);
        let hour: Option<At> = self.first(query).await?;
        Ok(hour.map(|At(hour)| hour))
    }

    async fn forget_counts(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        self.execute(delete(event_counts::table.filter(event_counts::hour.lt(At(before))))).await
    }
}
