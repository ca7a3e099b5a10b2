//! Rows of `limits`.

use asteroid_kernel::Timestamp;
use asteroid_limits::{ConsecutiveFailures, LimitKey, SlidingWindow};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::limits;
use crate::sql_types::At;

/// The window or the failures under a key: the one that was saved last.
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
    expires_at: At,
}

impl LimitRow {
    /// The expiry of a row that is only a lock.
    pub(crate) const LOCK: Timestamp = Timestamp::from_micros(0);

    /// A row that is only a lock.
    pub(crate) fn lock(name: &str) -> Self {
        let (key, expires_at) = (name.to_owned(), At(Self::LOCK));
        Self { key, times: Vec::new(), failures: 0, last_failure_at: None, expires_at }
    }

    pub(crate) fn from_window(key: &LimitKey, window: &SlidingWindow, expires_at: Timestamp) -> Self {
        Self {
            key: key.as_str().to_owned(),
            times: window.times().iter().flat_map(|time| time.as_micros().to_be_bytes()).collect(),
            failures: 0,
            last_failure_at: None,
            expires_at: At(expires_at),
        }
    }

    pub(crate) fn from_failures(
        key: &LimitKey,
        failures: ConsecutiveFailures,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            key: key.as_str().to_owned(),
            times: Vec::new(),
            failures: failures.count.into(),
            last_failure_at: failures.last_at.map(At),
            expires_at: At(expires_at),
        }
    }
}

impl TryFrom<LimitRow> for SlidingWindow {
    type Error = UnreadableColumn;

    fn try_from(row: LimitRow) -> Result<Self, UnreadableColumn> {
        let (times, []) = row.times.as_chunks::<8>() else { return Err(UnreadableColumn("limits.times")) };
        let time = |bytes: &[u8; 8]| Timestamp::from_micros(i64::from_be_bytes(*bytes));
        Ok(Self::from_times(times.iter().map(time).collect()))
    }
}

impl TryFrom<LimitRow> for ConsecutiveFailures {
    type Error = UnreadableColumn;

    fn try_from(row: LimitRow) -> Result<Self, UnreadableColumn> {
        let count = super::count(row.failures, "limits.failures")?;
        Ok(Self { count, last_at: row.last_failure_at.map(|at| at.0) })
    }
}
