//! The store: its state, its transactions, and [`Storage`] on them.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use asteroid_audit::{Action, AuditEvent, EventCount, Outcome};
use asteroid_clients::{Practice, PracticeId};
use asteroid_identity::{
    AdminKey, ContactClaim, IdempotencyKey, IdempotentRequest, PendingRegistration, Tombstone,
};
use asteroid_kernel::{
    AdminKeyId, AuditEventId, ChallengeId, ContactClaimId, MessageId, RegistrationId, Storage, StorageError,
    Timestamp, UnitOfWork,
};
use asteroid_limits::LimitKey;
use asteroid_messaging::OutboxEntry;
use asteroid_verification::{Challenge, KeyKind, KnownKey};
use imbl::{OrdMap, OrdSet};

use crate::clients::Clients;
use crate::limits::StoredLimit;
use crate::practices::Memberships;
use crate::sessions::Sessions;
use crate::terms::Terms;
use crate::users::Users;

/// A store in memory. Clones share one state.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Held by the write unit that runs.
    writer: Mutex<()>,
    /// The committed state. Locked only to copy or replace it, so that a read unit never waits for another unit.
    committed: Mutex<State>,
}

/// The state of the store. A clone shares all maps with the original until one of the two changes.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) users: Users,
    pub(crate) registrations: OrdMap<RegistrationId, PendingRegistration>,
    pub(crate) claims: OrdMap<ContactClaimId, ContactClaim>,
    pub(crate) sessions: Sessions,
    pub(crate) challenges: OrdMap<ChallengeId, Challenge>,
    pub(crate) event_counts: OrdMap<(Timestamp, Action, Outcome), EventCount>,
    pub(crate) tombstones: OrdSet<Tombstone>,
    pub(crate) admin_keys: OrdMap<AdminKeyId, AdminKey>,
    pub(crate) idempotent_requests: OrdMap<IdempotencyKey, IdempotentRequest>,
    pub(crate) known_keys: OrdMap<(KeyKind, String), KnownKey>,
    pub(crate) outbox: OrdMap<MessageId, OutboxEntry>,
    pub(crate) limits: OrdMap<LimitKey, StoredLimit>,
    pub(crate) events: OrdMap<AuditEventId, AuditEvent>,
    pub(crate) terms: Terms,
    pub(crate) practices: OrdMap<PracticeId, Practice>,
    pub(crate) memberships: Memberships,
    pub(crate) clients: Clients,
}

/// The transaction of a unit of work: a copy of the state of its own.
pub struct MemoryTx {
    state: State,
    may_write: bool,
}

impl MemoryTx {
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn state_mut(&mut self) -> Result<&mut State, StorageError> {
        if self.may_write { Ok(&mut self.state) } else { Err(UnitError::WriteInRead.into()) }
    }
}

/// Why a unit of work failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnitError {
    #[error("a read unit tried to write")]
    WriteInRead,
    #[error("a unit of work awaited something other than its repositories")]
    AwaitedOther,
    // The message of the panic is left out, because it may contain a secret.
    #[error("a unit of work panicked")]
    Panicked,
    #[error("the user id is taken")]
    UserIdTaken,
    #[error("the user does not exist")]
    UnknownUser,
    #[error("the version of the terms does not exist")]
    UnknownTerms,
    #[error("the practice does not exist")]
    UnknownPractice,
}

impl From<UnitError> for StorageError {
    fn from(error: UnitError) -> Self {
        Self::Failed(error.into())
    }
}

impl Storage for MemoryStorage {
    type Tx = MemoryTx;

    async fn write<W: UnitOfWork<MemoryTx>>(&self, work: W) -> Result<W::Output, W::Error> {
        let _writer = lock(&self.shared.writer);
        let mut tx = MemoryTx { state: self.committed(), may_write: true };
        let output = run(&work, &mut tx)?;
        *lock(&self.shared.committed) = tx.state;
        Ok(output)
    }

    async fn read<W: UnitOfWork<MemoryTx>>(&self, work: W) -> Result<W::Output, W::Error> {
        run(&work, &mut MemoryTx { state: self.committed(), may_write: false })
    }

    async fn check(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

impl MemoryStorage {
    fn committed(&self) -> State {
        lock(&self.shared.committed).clone()
    }
}

/// Locks a mutex and ignores poisoning: the state is replaced as a whole, so a panic leaves no partial change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a unit of work with a single poll: the repositories in memory are always ready.
fn run<W: UnitOfWork<MemoryTx>>(work: &W, tx: &mut MemoryTx) -> Result<W::Output, W::Error> {
    // After a panic, neither the unit nor its copy of the state is used again.
    let poll =
        catch_unwind(AssertUnwindSafe(|| pin!(work.run(tx)).poll(&mut Context::from_waker(Waker::noop()))));
    match poll {
        Ok(Poll::Ready(answer)) => answer,
        Ok(Poll::Pending) => Err(StorageError::from(UnitError::AwaitedOther).into()),
        Err(_) => Err(StorageError::from(UnitError::Panicked).into()),
    }
}
