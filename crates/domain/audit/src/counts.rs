use std::time::Duration;

use asteroid_kernel::{StorageError, Timestamp};

use crate::{Action, Outcome};

/// How many events of an action and an outcome there were in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventCount {
    /// The beginning of the hour, in UTC.
    pub hour: Timestamp,
    /// The action.
    pub action: Action,
    /// The outcome.
    pub outcome: Outcome,
    /// The number of events.
    pub number: u64,
}

/// An hour.
pub const HOUR: Duration = Duration::from_hours(1);

/// The beginning of the hour that a time is in, in UTC.
#[must_use]
pub fn hour_of(time: Timestamp) -> Timestamp {
    let micros = time.as_micros();
    Timestamp::from_micros(micros - micros.rem_euclid(3_600_000_000))
}

asteroid_kernel::repository! {
    /// Counts events, and stores the counts of hours that are over.
    pub trait EventCountRepository {
        /// Counts the events in the hour that begins then. An action and an outcome without an event has no count.
        read fn count_events(&mut self, hour: Timestamp) -> Result<Vec<EventCount>, StorageError>;

        /// Stores counts, instead of those of the same hour, action and outcome.
        write fn store_counts(&mut self, counts: &[EventCount]) -> Result<(), StorageError>;

        /// The stored counts of this hour and later ones, the earliest hours first.
        read fn stored_counts(&mut self, since: Timestamp) -> Result<Vec<EventCount>, StorageError>;

        /// The latest hour that has stored counts.
        read fn last_counted_hour(&mut self) -> Result<Option<Timestamp>, StorageError>;

        /// Removes the counts of earlier hours. Returns their number.
        write fn forget_counts(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_begins_at_its_first_minute() {
        let hour = |text| hour_of(Timestamp::parse(text).expect("a time")).to_string();
        assert_eq!(hour("2026-01-02T03:04:05.678Z"), "2026-01-02T03:00:00.000Z");
        assert_eq!(hour("2026-01-02T03:00:00Z"), "2026-01-02T03:00:00.000Z");
        assert_eq!(hour("1969-12-31T23:59:59.999Z"), "1969-12-31T23:00:00.000Z");
    }
}
