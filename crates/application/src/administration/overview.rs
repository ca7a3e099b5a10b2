//! What goes on: counts of events, what waits in the outbox, what failed, and what was held back.

use std::time::Duration;

use asteroid_audit::{
    AuditEvent, AuditFilter, AuditRepository, EventCount, EventCountRepository, HOUR, Outcome, hour_of,
};
use asteroid_kernel::{StorageError, Timestamp, UnitOfWork};
use asteroid_messaging::{Backlog, Channel, OutboxEntry, OutboxFilter, OutboxRepository, OutboxStateKind};

/// How far back events are counted.
const MONTH: Duration = Duration::from_hours(30 * 24);
/// The latest hours without stored counts that are counted for each overview: those that are over are stored soon.
const LATEST_HOURS: u32 = 3;
/// The messages and the events that are shown, the latest ones.
const LATEST: usize = 10;
/// The waiting messages that are counted.
const MAX_BACKLOG: usize = 10_000;

/// What goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Now.
    pub at: Timestamp,
    /// The counts of the last 30 days, the earliest hour first. The last hour is not over yet.
    pub counts: Vec<EventCount>,
    /// The waiting messages of each channel, counted up to 10,000.
    pub backlogs: Vec<(Channel, Backlog)>,
    /// The latest messages that failed.
    pub failed: Vec<OutboxEntry>,
    /// The latest attempts that a limit held back.
    pub limited: Vec<AuditEvent>,
}

pub(super) struct ReadOverview {
    pub(super) now: Timestamp,
}

impl<Tx: EventCountRepository + OutboxRepository + AuditRepository + Send> UnitOfWork<Tx> for ReadOverview {
    type Output = Overview;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Overview, StorageError> {
        let current = hour_of(self.now);
        let mut counts = tx.stored_counts(current - MONTH).await?;
        let first = current - (LATEST_HOURS - 1) * HOUR;
        let mut hour = tx.last_counted_hour().await?.map_or(first, |last| first.max(last + HOUR));
        while hour <= current {
            counts.extend(tx.count_events(hour).await?);
            hour = hour + HOUR;
        }
        let mut backlogs = Vec::new();
        for channel in Channel::ALL {
            backlogs.push((channel, tx.backlog(channel, MAX_BACKLOG).await?));
        }
        let failed = OutboxFilter { state: Some(OutboxStateKind::Failed), channel: None };
        let limited = AuditFilter { outcome: Some(Outcome::Limited), ..AuditFilter::default() };
        Ok(Overview {
            at: self.now,
            counts,
            backlogs,
            failed: tx.list_entries(&failed, None, LATEST).await?,
            limited: tx.list_events(&limited, None, LATEST).await?,
        })
    }
}
