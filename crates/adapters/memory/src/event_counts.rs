//! [`EventCountRepository`] in memory.

use std::collections::BTreeMap;

use asteroid_audit::{EventCount, EventCountRepository, HOUR};
use asteroid_kernel::{StorageError, Timestamp};

use crate::MemoryTx;
use crate::table::remove_where;

impl EventCountRepository for MemoryTx {
    async fn count_events(&mut self, hour: Timestamp) -> Result<Vec<EventCount>, StorageError> {
        let mut counts = BTreeMap::new();
        for event in self.state().events.values().filter(|event| event.at >= hour && event.at < hour + HOUR) {
            *counts.entry((event.action, event.outcome)).or_insert(0) += 1;
        }
        let count = |((action, outcome), number)| EventCount { hour, action, outcome, number };
        Ok(counts.into_iter().map(count).collect())
    }

    async fn store_counts(&mut self, counts: &[EventCount]) -> Result<(), StorageError> {
        let stored = &mut self.state_mut()?.event_counts;
        for count in counts {
            stored.insert((count.hour, count.action, count.outcome), *count);
        }
        Ok(())
    }

    async fn stored_counts(&mut self, since: Timestamp) -> Result<Vec<EventCount>, StorageError> {
        let counts = self.state().event_counts.values();
        Ok(counts.filter(|count| count.hour >= since).copied().collect())
    }

    async fn last_counted_hour(&mut self) -> Result<Option<Timestamp>, StorageError> {
        Ok(self.state().event_counts.get_max().map(|((hour, ..), _)| *hour))
    }

    async fn forget_counts(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.event_counts, |_, count| count.hour < before))
    }
}
