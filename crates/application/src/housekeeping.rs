use std::sync::Arc;
use std::time::Duration;

use asteroid_audit::AuditRepository;
use asteroid_identity::{PendingRegistrationRepository, SessionRepository, UserRepository};
use asteroid_kernel::{Clock, Storage, StorageError, Timestamp, Work};
use asteroid_limits::LimitRepository;
use asteroid_messaging::OutboxRepository;
use asteroid_verification::ChallengeRepository;

use crate::AccountRules;

/// Removes what has expired, so that the store does not grow with time.
pub struct Housekeeping<S> {
    /// The store.
    pub storage: Arc<S>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Say how long things live.
    pub rules: AccountRules,
    /// How long the audit trail reaches back.
    pub audit_kept_for: Duration,
    /// How long delivered and dead messages stay to be looked at.
    pub settled_messages_kept_for: Duration,
}

/// How much was removed, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field counts what it names")]
pub struct Swept {
    pub sessions: u64,
    pub registrations: u64,
    pub challenges: u64,
    pub limits: u64,
    pub addresses: u64,
    pub messages: u64,
    pub audit_events: u64,
}

#[derive(Clone, Copy)]
enum Broom {
    Sessions { idle_since: Timestamp },
    Registrations,
    Challenges,
    Limits,
    Addresses { before: Timestamp },
    Messages { before: Timestamp },
    AuditEvents { before: Timestamp },
}

struct Sweep {
    broom: Broom,
    now: Timestamp,
}

impl<Tx> Work<Tx> for Sweep
where
    Tx: UserRepository
        + PendingRegistrationRepository
        + SessionRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository
        + Send,
{
    type Done = u64;
    type Refused = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<u64, StorageError> {
        match self.broom {
            Broom::Sessions { idle_since } => tx.remove_expired_sessions(self.now, idle_since).await,
            Broom::Registrations => tx.remove_expired_registrations(self.now).await,
            Broom::Challenges => tx.remove_expired_challenges(self.now).await,
            Broom::Limits => tx.remove_useless_limits(self.now).await,
            Broom::Addresses { before } => tx.forget_addresses(before).await,
            Broom::Messages { before } => tx.remove_settled(before).await,
            Broom::AuditEvents { before } => tx.forget_events(before).await,
        }
    }
}

impl<S> Housekeeping<S>
where
    S: Storage,
    S::Tx: UserRepository
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
    pub async fn sweep(&self) -> Result<Swept, StorageError> {
        let now = self.clock.now();
        let sweep = |broom| self.storage.write(Sweep { broom, now });
        Ok(Swept {
            sessions: sweep(Broom::Sessions { idle_since: now - self.rules.sessions.idle }).await?,
            registrations: sweep(Broom::Registrations).await?,
            challenges: sweep(Broom::Challenges).await?,
            limits: sweep(Broom::Limits).await?,
            addresses: sweep(Broom::Addresses { before: now - self.rules.limits.familiar_for }).await?,
            messages: sweep(Broom::Messages { before: now - self.settled_messages_kept_for }).await?,
            audit_events: sweep(Broom::AuditEvents { before: now - self.audit_kept_for }).await?,
        })
    }
}
