use asteroid_kernel::Timestamp;
use asteroid_limits::{ConsecutiveFailures, LimitKey, SlidingWindow};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::Unreadable;
use crate::schema::limits;
use crate::sql_types::At;

/// A key keeps a window or a count of failures: whichever was kept last.
#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(
    table_name = limits,
    check_for_backend(Pg, Sqlite),
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub(crate) struct LimitRow {
    key: String,
    times: Vec<u8>,
    failures: i64,
    last_failure_at: Option<At>,
    useless_at: At,
}

impl LimitRow {
    /// When a row becomes useless that is there as a lock alone.
    pub(crate) const LOCK: Timestamp = Timestamp::from_micros(0);

    /// A row that remembers nothing.
    pub(crate) fn lock(name: &str) -> Self {
        let (key, useless_at) = (name.to_owned(), At(Self::LOCK));
        Self { key, times: Vec::new(), failures: 0, last_failure_at: None, useless_at }
    }

    pub(crate) fn of_history(key: &LimitKey, window: &SlidingWindow, useless_at: Timestamp) -> Self {
        Self {
            key: key.as_str().to_owned(),
            times: window.times().iter().flat_map(|time| time.as_micros().to_be_bytes()).collect(),
            failures: 0,
            last_failure_at: None,
            useless_at: At(useless_at),
        }
    }

    pub(crate) fn of_streak(key: &LimitKey, failures: ConsecutiveFailures, useless_at: Timestamp) -> Self {
        Self {
            key: key.as_str().to_owned(),
            times: Vec::new(),
            failures: failures.count.into(),
            last_failure_at: failures.last_at.map(At),
            useless_at: At(useless_at),
        }
    }
}

impl TryFrom<LimitRow> for SlidingWindow {
    type Error = Unreadable;

    fn try_from(row: LimitRow) -> Result<Self, Unreadable> {
        let (times, []) = row.times.as_chunks::<8>() else { return Err(Unreadable("limits.times")) };
        let time = |bytes: &[u8; 8]| Timestamp::from_micros(i64::from_be_bytes(*bytes));
        Ok(Self::from_times(times.iter().map(time).collect()))
    }
}

impl TryFrom<LimitRow> for ConsecutiveFailures {
    type Error = Unreadable;

    fn try_from(row: LimitRow) -> Result<Self, Unreadable> {
        let count = super::count(row.failures, "limits.failures")?;
        Ok(Self { count, last_at: row.last_failure_at.map(|at| at.0) })
    }
}
