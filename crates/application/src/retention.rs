//! Removing what has expired.

use std::sync::Arc;
use std::time::Duration;

use asteroid_audit::AuditRepository;
use asteroid_identity::{FamiliarAddressRepository, PendingRegistrationRepository, SessionRepository};
use asteroid_kernel::{Clock, Storage, StorageError, Timestamp, UnitOfWork};
use asteroid_limits::LimitRepository;
use asteroid_messaging::OutboxRepository;
use asteroid_verification::ChallengeRepository;

use crate::AccountRules;

/// Removes what has expired, so that the store does not grow with time.
pub struct Retention<S> {
    /// The store.
    pub storage: Arc<S>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Say how long things live.
    pub rules: AccountRules,
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
    pub limits: u64,
    pub addresses: u64,
    pub messages: u64,
    pub audit_events: u64,
}

#[derive(Clone, Copy)]
enum RetentionTask {
    Sessions { idle_since: Timestamp },
    Registrations,
    Challenges,
    Limits,
    Addresses { before: Timestamp },
    Messages { before: Timestamp },
    AuditEvents { before: Timestamp },
}

struct RunRetentionTask {
    task: RetentionTask,
    now: Timestamp,
}

impl<Tx> UnitOfWork<Tx> for RunRetentionTask
where
    Tx: FamiliarAddressRepository
        + PendingRegistrationRepository
        + SessionRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository
        + Send,
{
    type Output = u64;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<u64, StorageError> {
        match self.task {
            RetentionTask::Sessions { idle_since } => tx.remove_expired_sessions(self.now, idle_since).await,
            RetentionTask::Registrations => tx.remove_expired_registrations(self.now).await,
            RetentionTask::Challenges => tx.remove_expired_challenges(self.now).await,
            RetentionTask::Limits => tx.remove_expired_limits(self.now).await,
            RetentionTask::Addresses { before } => tx.forget_addresses(before).await,
            RetentionTask::Messages { before } => tx.remove_completed(before).await,
            RetentionTask::AuditEvents { before } => tx.forget_events(before).await,
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
        + OutboxRepository
        + LimitRepository
        + AuditRepository,
{
    /// Removes what has expired by now: a unit of work for each kind, so that none holds the store for long.
    ///
    /// # Errors
    ///
    /// If the store fails; what was removed until then stays removed.
    pub async fn sweep(&self) -> Result<RemovedCounts, StorageError> {
        let now = self.clock.now();
        let sweep = |task| self.storage.write(RunRetentionTask { task, now });
        Ok(RemovedCounts {
            sessions: sweep(RetentionTask::Sessions { idle_since: now - self.rules.sessions.idle }).await?,
            registrations: sweep(RetentionTask::Registrations).await?,
            challenges: sweep(RetentionTask::Challenges).await?,
            limits: sweep(RetentionTask::Limits).await?,
            addresses: sweep(RetentionTask::Addresses { before: now - self.rules.limits.familiar_for })
                .await?,
            messages: sweep(RetentionTask::Messages { before: now - self.completed_messages_kept_for })
                .await?,
            audit_events: sweep(RetentionTask::AuditEvents { before: now - self.audit_kept_for }).await?,
        })
    }
}
