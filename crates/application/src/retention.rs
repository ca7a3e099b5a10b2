//! Removing what has expired.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use asteroid_audit::{Action, AuditRepository, EventCount, EventCountRepository, HOUR, Outcome, hour_of};
use asteroid_identity::{
    FamiliarAddressRepository, IdempotencyRepository, PendingRegistrationRepository, SessionRepository,
};
use asteroid_kernel::{Clock, Storage, StorageError, Timestamp, UnitOfWork, unit_of_work};
use asteroid_limits::LimitRepository;
use asteroid_messaging::OutboxRepository;
use asteroid_verification::{ChallengeRepository, KeyIdentity, KeyKind, KeyRepository};

use crate::AccountRules;

/// Removes what has expired, so that the store does not grow with time.
pub struct Retention<S> {
    /// The store.
    pub storage: Arc<S>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Say how long things live.
    pub rules: AccountRules,
    /// The keys of this server. Others, which no open code needs, are forgotten after [`Retention::KEYS_KEPT_FOR`].
    pub keys: Arc<RwLock<Vec<KeyIdentity>>>,
    /// How long the audit trail reaches back.
    pub audit_kept_for: Duration,
    /// How long delivered and dead messages stay to be looked at.
    pub completed_messages_kept_for: Duration,
}

/// How much was removed, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field counts what it names")]
pub struct RemovedCounts {
    pub sessions: u64,
    pub registrations: u64,
    pub challenges: u64,
    pub keys: u64,
    pub limits: u64,
    pub addresses: u64,
    pub messages: u64,
    pub audit_events: u64,
    pub idempotent_requests: u64,
    pub event_counts: u64,
}

#[derive(Clone, Copy)]
enum RetentionTask {
    Sessions { idle_since: Timestamp },
    Registrations,
    Challenges,
    Keys { before: Timestamp },
    Limits,
    Addresses { before: Timestamp },
    Messages { before: Timestamp },
    AuditEvents { before: Timestamp },
    IdempotentRequests { before: Timestamp },
    EventCounts { before: Timestamp },
}

struct RunRetentionTask {
    task: RetentionTask,
    now: Timestamp,
    /// The keys of this server.
    keys: Arc<RwLock<Vec<KeyIdentity>>>,
}

impl RunRetentionTask {
    /// Forgets the keys that this server does not have and no open code needs.
    async fn forget_keys(&self, tx: &mut impl KeyRepository, before: Timestamp) -> Result<u64, StorageError> {
        let own = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        let (known, open) = (tx.lock_known_keys().await?, tx.open_codes(self.now).await?);
        let mut forgotten = 0;
        for known in known.into_iter().filter(|known| known.recorded_at < before) {
            let key = &known.key;
            let is_own = own.iter().any(|own| own.kind == key.kind && own.id == key.id);
            let is_needed = key.kind == KeyKind::Code && open.iter().any(|codes| codes.key_id == key.id);
            if !is_own && !is_needed {
                forgotten += u64::from(tx.forget_key(key.kind, &key.id).await?);
            }
        }
        Ok(forgotten)
    }
}

impl<Tx> UnitOfWork<Tx> for RunRetentionTask
where
    Tx: FamiliarAddressRepository
        + PendingRegistrationRepository
        + SessionRepository
        + ChallengeRepository
        + KeyRepository
        + OutboxRepository
        + LimitRepository
        + IdempotencyRepository
        + AuditRepository
        + EventCountRepository
        + Send,
{
    type Output = u64;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<u64, StorageError> {
        match self.task {
            RetentionTask::Sessions { idle_since } => tx.remove_expired_sessions(self.now, idle_since).await,
            RetentionTask::Registrations => tx.remove_expired_registrations(self.now).await,
            RetentionTask::Challenges => tx.remove_expired_challenges(self.now).await,
            RetentionTask::Keys { before } => self.forget_keys(tx, before).await,
            RetentionTask::Limits => tx.remove_expired_limits(self.now).await,
            RetentionTask::Addresses { before } => tx.forget_addresses(before).await,
            RetentionTask::Messages { before } => tx.remove_completed(before).await,
            RetentionTask::AuditEvents { before } => tx.forget_events(before).await,
            RetentionTask::IdempotentRequests { before } => tx.forget_requests(before).await,
            RetentionTask::EventCounts { before } => tx.forget_counts(before).await,
        }
    }
}

impl<S> Retention<S>
where
    S: Storage,
    S::Tx: FamiliarAddressRepository
        + PendingRegistrationRepository
        + SessionRepository
        + ChallengeRepository
        + KeyRepository
        + OutboxRepository
        + LimitRepository
        + IdempotencyRepository
        + AuditRepository
        + EventCountRepository,
{
    /// How long the store knows a key that this server does not have: another server may have read it already.
    pub const KEYS_KEPT_FOR: Duration = Duration::from_hours(48);

    /// How long a creation can be sent again without creating something twice.
    pub const REQUESTS_KEPT_FOR: Duration = Duration::from_hours(24);

    /// The events of an hour are counted so long after it: a unit of work that began in it may end later.
    pub const COUNTED_AFTER: Duration = Duration::from_mins(10);

    /// The most hours that are counted at once.
    const MAX_HOURS: u32 = 1000;

    /// Counts the events of the hours that are over, from where it stopped last: at first, of the last 30 days. Returns how
    /// many hours it counted.
    async fn count_events(&self) -> Result<u32, StorageError> {
        let over = hour_of(self.clock.now() - Self::COUNTED_AFTER);
        let last = self
            .storage
            .read(unit_of_work((), |(), tx: &mut S::Tx| Box::pin(tx.last_counted_hour())))
            .await?;
        let mut hour = last.map_or(over - Duration::from_hours(30 * 24), |last| last + HOUR);
        let mut hours = 0;
        while hour < over && hours < Self::MAX_HOURS {
            // Read apart from the write, so that no writer waits for it.
            let count = unit_of_work(hour, |hour, tx: &mut S::Tx| Box::pin(tx.count_events(*hour)));
            let mut counts = self.storage.read(count).await?;
            hours += 1;
            let next = hour + HOUR;
            if next >= over || hours == Self::MAX_HOURS {
                // Marks how far it came, also if nothing happened in the hour.
                let (action, outcome) = (Action::SignIn, Outcome::Done);
                if !counts.iter().any(|count| (count.action, count.outcome) == (action, outcome)) {
                    counts.push(EventCount { hour, action, outcome, number: 0 });
                }
            }
            if !counts.is_empty() {
                let store = unit_of_work(counts, |counts: &Vec<EventCount>, tx: &mut S::Tx| {
                    Box::pin(tx.store_counts(counts))
                });
                self.storage.write(store).await?;
            }
            hour = next;
        }
        Ok(hours)
    }

    /// Removes what has expired by now: a unit of work for each kind, so that none holds the store for long. Then counts the
    /// events of the hours that are over.
    ///
    /// # Errors
    ///
    /// If the store fails; what was removed until then stays removed.
    pub async fn sweep(&self) -> Result<RemovedCounts, StorageError> {
        let now = self.clock.now();
        let sweep = |task| self.storage.write(RunRetentionTask { task, now, keys: Arc::clone(&self.keys) });
        let removed = RemovedCounts {
            sessions: sweep(RetentionTask::Sessions { idle_since: now - self.rules.sessions.idle }).await?,
            registrations: sweep(RetentionTask::Registrations).await?,
            challenges: sweep(RetentionTask::Challenges).await?,
            keys: sweep(RetentionTask::Keys { before: now - Self::KEYS_KEPT_FOR }).await?,
            limits: sweep(RetentionTask::Limits).await?,
            addresses: sweep(RetentionTask::Addresses { before: now - self.rules.limits.familiar_for })
                .await?,
            messages: sweep(RetentionTask::Messages { before: now - self.completed_messages_kept_for })
                .await?,
            audit_events: sweep(RetentionTask::AuditEvents { before: now - self.audit_kept_for }).await?,
            event_counts: sweep(RetentionTask::EventCounts { before: now - self.audit_kept_for }).await?,
            idempotent_requests: sweep(RetentionTask::IdempotentRequests {
                before: now - Self::REQUESTS_KEPT_FOR,
            })
            .await?,
        };
        self.count_events().await?;
        Ok(removed)
    }
}
