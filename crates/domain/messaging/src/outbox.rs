use std::time::Duration;

use asteroid_kernel::{ContactKey, MessageId, StorageError, Timestamp};

use crate::{Channel, Message};

/// The state of a message in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// The message waits for its next attempt, or a worker holds its lease and attempts to deliver it.
    Waiting {
        /// The earliest time of the next attempt; during a lease, the end of the lease.
        due_at: Timestamp,
    },
    /// The provider accepted the message.
    Delivered {
        /// When it was accepted.
        at: Timestamp,
    },
    /// Delivery failed permanently.
    Failed {
        /// When it failed.
        at: Timestamp,
        /// The reason, for operators. It never contains the text of the message.
        reason: String,
    },
}

asteroid_kernel::named_enum! {
    /// An [`OutboxState`] without its data.
    pub enum OutboxStateKind {
        /// See [`OutboxState::Waiting`].
        Waiting,
        /// See [`OutboxState::Delivered`].
        Delivered,
        /// See [`OutboxState::Failed`].
        Failed,
    }
}

impl OutboxState {
    /// The kind of this state.
    #[must_use]
    pub const fn kind(&self) -> OutboxStateKind {
        match self {
            Self::Waiting { .. } => OutboxStateKind::Waiting,
            Self::Delivered { .. } => OutboxStateKind::Delivered,
            Self::Failed { .. } => OutboxStateKind::Failed,
        }
    }
}

/// The conditions on messages in a listing of the outbox. A message has to meet all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxFilter {
    /// Only messages in this state.
    pub state: Option<OutboxStateKind>,
    /// Only messages of this channel.
    pub channel: Option<Channel>,
}

impl OutboxFilter {
    /// Whether the filter accepts this message.
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
    /// The number of attempts to deliver it.
    pub attempts: u32,
    /// The state of the message.
    pub state: OutboxState,
}

/// A worker's claim of a message, valid until its lease ends and the message is claimed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The message to deliver.
    pub message: Message,
    /// The number of attempts including this one. It distinguishes this claim from earlier and later ones.
    pub attempt: u32,
}

/// The schedule of attempts after a temporary failure: exponential back-off with jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySchedule {
    /// The wait after the first failure.
    pub first: Duration,
    /// The longest wait. Each wait is twice the one before, up to this.
    pub longest: Duration,
}

impl Default for RetrySchedule {
    /// 1, 2, 4 … 60 seconds.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_mins(1) }
    }
}

impl RetrySchedule {
    /// The wait after this many attempts. `jitter` shortens it by `jitter`/1024, which is less than a quarter, so that
    /// messages that failed together are not retried together.
    #[must_use]
    pub fn wait_after(&self, attempts: u32, jitter: u8) -> Duration {
        let doublings = attempts.saturating_sub(1).min(30);
        let full = self.first.saturating_mul(1 << doublings).min(self.longest);
        full.saturating_sub(full * u32::from(jitter) / 1024)
    }
}

/// The messages that wait to be delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Their number.
    pub waiting: usize,
    /// When the oldest of them was created; [`None`] if none waits.
    pub oldest: Option<Timestamp>,
}

asteroid_kernel::repository! {
    /// Stores messages until they are delivered or have failed.
    pub trait OutboxRepository {
        /// Inserts a message, which is due from its `created_at` on.
        write fn enqueue(&mut self, message: &Message) -> Result<(), StorageError>;

        /// Claims up to `at_most` waiting messages of this channel that are due, longest due first, and leases them: no
        /// other call returns them before `lease_until`. Each claim counts as an attempt.
        write fn claim_due(
            &mut self,
            channel: Channel,
            now: Timestamp,
            lease_until: Timestamp,
            at_most: usize,
        ) -> Result<Vec<Claim>, StorageError>;

        /// Sets the state of a message that this attempt claimed. Returns `false` and changes nothing if it was claimed
        /// again or completed since. After the end of the lease it succeeds as long as the message was not claimed again.
        write fn complete(
            &mut self,
            id: MessageId,
            attempt: u32,
            state: &OutboxState,
        ) -> Result<bool, StorageError>;

        /// The message of this id; [`None`] if there is none.
        read fn find_entry(&mut self, id: MessageId) -> Result<Option<OutboxEntry>, StorageError>;

        /// The messages that the filter accepts, newest first (by id, which sorts by time): up to `at_most`, all of them
        /// older than `before` if that is given. No message of that id needs to exist.
        read fn list_entries(
            &mut self,
            filter: &OutboxFilter,
            before: Option<MessageId>,
            at_most: usize,
        ) -> Result<Vec<OutboxEntry>, StorageError>;

        /// The messages to this contact, newest first (by id), at most `at_most`.
        read fn messages_to(
            &mut self,
            recipient: &ContactKey,
            at_most: usize,
        ) -> Result<Vec<OutboxEntry>, StorageError>;

        /// Removes all messages to this contact, in whatever state. Returns their number.
        write fn remove_messages_to(&mut self, recipient: &ContactKey) -> Result<u64, StorageError>;

        /// Makes a failed message wait again, due at `now`. Its number of attempts is kept, so that no earlier attempt can
        /// complete it. Returns `false` and changes nothing if it has not failed, or has expired at `now`.
        write fn requeue(&mut self, id: MessageId, now: Timestamp) -> Result<bool, StorageError>;

        /// The time at which the next waiting message of this channel is due; [`None`] if none waits.
        read fn next_due(&mut self, channel: Channel) -> Result<Option<Timestamp>, StorageError>;

        /// The waiting messages of this channel, whether they are due or leased: up to `at_most` of them, earliest due
        /// first.
        read fn backlog(&mut self, channel: Channel, at_most: usize) -> Result<Backlog, StorageError>;

        /// Removes the messages that were delivered or failed before this time. Returns their number.
        write fn remove_completed(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::mocks::CountingRandomness;
    use asteroid_kernel::{Contact, Region};
    use proptest::prelude::*;

    use super::*;
    use crate::{Content, MessageKind};

    #[test]
    fn a_stored_state_is_read_back_by_its_name() {
        assert_eq!(OutboxStateKind::ALL.map(OutboxStateKind::as_str), ["waiting", "delivered", "failed"]);
        for state in OutboxStateKind::ALL {
            assert_eq!(OutboxStateKind::parse(state.as_str()), Some(state));
        }
        assert_eq!(OutboxStateKind::parse("dead"), None);
    }

    #[test]
    fn a_filter_accepts_messages_that_meet_every_condition() {
        let now = Timestamp::from_micros(0);
        let entry = |to, state| {
            let to = Contact::parse(to, Region::US).expect("a contact");
            let (kind, content) = (MessageKind::PasswordReset, Content::Notice);
            let message = Message::new(to, kind, content, now, now, &CountingRandomness::default());
            OutboxEntry { message, attempts: 1, state }
        };
        let states = [
            OutboxState::Waiting { due_at: now },
            OutboxState::Delivered { at: now },
            OutboxState::Failed { at: now, reason: "no such mailbox".into() },
        ];
        let contacts = [("george@example.com", Channel::Email), ("555-665-4345", Channel::Sms)];
        for (state, kind) in states.into_iter().zip(OutboxStateKind::ALL) {
            for (to, channel) in contacts {
                let entry = entry(to, state.clone());
                let wants = |state, channel| OutboxFilter { state, channel }.wants(&entry);
                assert!(wants(None, None) && wants(Some(kind), None) && wants(None, Some(channel)));
                for other_kind in OutboxStateKind::ALL {
                    for other_channel in Channel::ALL {
                        let is_same = (other_kind, other_channel) == (kind, channel);
                        assert_eq!(wants(Some(other_kind), Some(other_channel)), is_same);
                    }
                }
            }
        }
    }

    #[test]
    fn waits_double_up_to_a_minute() {
        let schedule = RetrySchedule::default();
        let waits: Vec<u64> = (1..=9).map(|attempt| schedule.wait_after(attempt, 0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    proptest! {
        #[test]
        fn jitter_shortens_a_wait_by_less_than_a_quarter(attempt in any::<u32>(), jitter in any::<u8>()) {
            let schedule = RetrySchedule::default();
            let (full, wait) = (schedule.wait_after(attempt, 0), schedule.wait_after(attempt, jitter));
            prop_assert!(wait <= full && wait >= full * 3 / 4);
        }
    }
}
