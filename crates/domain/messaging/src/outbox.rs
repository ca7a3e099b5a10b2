use std::time::Duration;

use asteroid_kernel::{MessageId, StorageError, Timestamp};

use crate::{Channel, Message};

/// What has become of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// It waits for its next try, or is being tried by whoever holds its lease.
    Waiting {
        /// Not before this time; while it is leased, the lease's end.
        due_at: Timestamp,
    },
    /// It was handed to the provider.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// It was given up.
    Failed {
        /// When.
        at: Timestamp,
        /// Why, in words for an operator; never the message's text.
        reason: String,
    },
}

/// An [`OutboxState`] without what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutboxStateKind {
    /// See [`OutboxState::Waiting`].
    Waiting,
    /// See [`OutboxState::Delivered`].
    Delivered,
    /// See [`OutboxState::Failed`].
    Failed,
}

impl OutboxState {
    /// Which of the states it is.
    #[must_use]
    pub const fn kind(&self) -> OutboxStateKind {
        match self {
            Self::Waiting { .. } => OutboxStateKind::Waiting,
            Self::Delivered { .. } => OutboxStateKind::Delivered,
            Self::Failed { .. } => OutboxStateKind::Failed,
        }
    }
}

impl OutboxStateKind {
    /// Every state there is.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Failed];

    /// Its name: `waiting`, `delivered`, `failed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// Reads its name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Which messages of the outbox are wanted: those that meet every condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxFilter {
    /// In this state.
    pub state: Option<OutboxStateKind>,
    /// That leave by this channel.
    pub channel: Option<Channel>,
}

impl OutboxFilter {
    /// Whether it wants this message.
    #[must_use]
    pub fn wants(&self, entry: &OutboxEntry) -> bool {
        self.state.is_none_or(|state| entry.state.kind() == state)
            && self.channel.is_none_or(|channel| entry.message.channel() == channel)
    }
}

/// A message in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The message.
    pub message: Message,
    /// How often its delivery was begun.
    pub attempts: u32,
    /// What has become of it.
    pub state: OutboxState,
}

/// A worker's hold on a message until the lease ends. Whoever claims it later holds another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The message to deliver.
    pub message: Message,
    /// How often its delivery was begun, this one included; it tells this claim from earlier and later ones.
    pub attempt: u32,
}

/// When a message whose delivery failed for the moment is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySchedule {
    /// After the first failure.
    pub first: Duration,
    /// The longest wait; each wait doubles the one before up to this.
    pub longest: Duration,
}

impl Default for RetrySchedule {
    /// 1, 2, 4 … 60 seconds.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_mins(1) }
    }
}

impl RetrySchedule {
    /// How long to wait after this many attempts. `jitter`, from 0 to 255, takes up to a quarter off, so that
    /// messages that failed together are not tried together again.
    #[must_use]
    pub fn wait_after(&self, attempts: u32, jitter: u8) -> Duration {
        let doublings = attempts.saturating_sub(1).min(30);
        let full = self.first.saturating_mul(1 << doublings).min(self.longest);
        full.saturating_sub(full * u32::from(jitter) / 1024)
    }
}

asteroid_kernel::repository! {
    /// Keeps messages until they are delivered or have failed.
    pub trait OutboxRepository {
        /// Puts a message into the outbox; it is due from its `created_at` on.
        write fn enqueue(&mut self, message: &Message) -> Result<(), StorageError>;

        /// Claims up to `at_most` waiting messages of this channel that are due, the longest due first, and leases them:
        /// nobody else gets them before `lease_until`. Each claim counts as an attempt.
        write fn claim_due(
            &mut self,
            channel: Channel,
            now: Timestamp,
            lease_until: Timestamp,
            at_most: usize,
        ) -> Result<Vec<Claim>, StorageError>;

        /// Settles a message that this attempt claimed. False, and nothing changed, if it was claimed again or settled
        /// since. A lease that has ended does no harm as long as nobody claimed the message again.
        write fn complete(
            &mut self,
            id: MessageId,
            attempt: u32,
            state: &OutboxState,
        ) -> Result<bool, StorageError>;

        /// A message by its id.
        read fn find_entry(&mut self, id: MessageId) -> Result<Option<OutboxEntry>, StorageError>;

        /// Lists the messages that the filter wants, the newest first (by their ids, which sort as their times do): up to
        /// `at_most`, all of them older than `before` if that is given. No message of that id needs to be there.
        read fn list_entries(
            &mut self,
            filter: &OutboxFilter,
            before: Option<MessageId>,
            at_most: usize,
        ) -> Result<Vec<OutboxEntry>, StorageError>;

        /// Lets a failed message wait again, due now, unless it has expired at `now`. Its attempts go on counting, so that
        /// no attempt from before the failure can complete it. False, and nothing changed, if it has not failed, or has
        /// expired.
        write fn requeue(&mut self, id: MessageId, now: Timestamp) -> Result<bool, StorageError>;

        /// When the next waiting message of this channel is due; none if none waits.
        read fn next_due(&mut self, channel: Channel) -> Result<Option<Timestamp>, StorageError>;

        /// Removes the messages that were delivered or given up before then; says how many.
        write fn remove_completed(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_double_up_to_a_minute() {
        let schedule = RetrySchedule::default();
        let waits: Vec<u64> = (1..=9).map(|attempt| schedule.wait_after(attempt, 0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    proptest! {
        #[test]
        fn jitter_takes_off_less_than_a_quarter(attempt in any::<u32>(), jitter in any::<u8>()) {
            let schedule = RetrySchedule::default();
            let (full, wait) = (schedule.wait_after(attempt, 0), schedule.wait_after(attempt, jitter));
            prop_assert!(wait <= full && wait >= full * 3 / 4);
        }
    }
}
