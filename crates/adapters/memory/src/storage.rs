use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use asteroid_audit::AuditEvent;
use asteroid_clients::{Practice, PracticeId};
use asteroid_identity::{ContactClaim, PendingRegistration};
use asteroid_kernel::{
    AuditEventId, ChallengeId, ContactClaimId, MessageId, RegistrationId, Storage, StorageError, Timestamp,
    UnitOfWork,
};
use asteroid_limits::LimitKey;
use asteroid_messaging::OutboxEntry;
use asteroid_verification::Challenge;
use imbl::OrdMap;

use crate::clients::Clients;
use crate::limits::Kept;
use crate::practices::Memberships;
use crate::sessions::Sessions;
use crate::terms::Terms;
use crate::users::Users;

/// A store in memory. Its clones share one state.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Held by the unit that writes.
    turn: Mutex<()>,
    /// What is committed. Held only to copy or to replace it, so that reading waits for no unit.
    committed: Mutex<State>,
}

/// Everything that is kept. A copy shares it all with its original until one of the two is changed.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) users: Users,
    pub(crate) registrations: OrdMap<RegistrationId, PendingRegistration>,
    pub(crate) claims: OrdMap<ContactClaimId, ContactClaim>,
    pub(crate) sessions: Sessions,
    pub(crate) challenges: OrdMap<ChallengeId, Challenge>,
    pub(crate) outbox: OrdMap<MessageId, OutboxEntry>,
    pub(crate) limits: OrdMap<LimitKey, Kept>,
    pub(crate) events: OrdMap<(Timestamp, AuditEventId), AuditEvent>,
    pub(crate) terms: Terms,
    pub(crate) practices: OrdMap<PracticeId, Practice>,
    pub(crate) memberships: Memberships,
    pub(crate) clients: Clients,
}

/// What a unit of work works on: a copy of the state that is the unit's alone.
pub struct MemoryTx {
    state: State,
    may_write: bool,
}

impl MemoryTx {
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn state_to_change(&mut self) -> Result<&mut State, StorageError> {
        if self.may_write { Ok(&mut self.state) } else { Err(UnitError::ReadsOnly.into()) }
    }
}

/// What a unit did that it may not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnitError {
    #[error("a unit that only reads tried to write")]
    ReadsOnly,
    #[error("a unit waited for something else than its repositories")]
    Waited,
    // What it said stays out of here: it may hold a secret.
    #[error("a unit panicked")]
    Panicked,
    #[error("a user has this id already")]
    UserIdTaken,
    #[error("there is no such user")]
    NoUser,
    #[error("there is no such version of the terms")]
    NoTerms,
    #[error("there is no such practice")]
    NoPractice,
}

impl From<UnitError> for StorageError {
    fn from(error: UnitError) -> Self {
        Self::Failed(error.into())
    }
}

impl Storage for MemoryStorage {
    type Tx = MemoryTx;

    async fn write<W: UnitOfWork<MemoryTx>>(&self, work: W) -> Result<W::Output, W::Error> {
        let _turn = lock(&self.shared.turn);
        let mut tx = MemoryTx { state: self.committed(), may_write: true };
        let done = run(&work, &mut tx)?;
        *lock(&self.shared.committed) = tx.state;
        Ok(done)
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

/// Neither lock guards anything that a panic could leave half-done: the state is replaced whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a unit to its end at once: the repositories here answer without waiting, so one poll is all it takes.
fn run<W: UnitOfWork<MemoryTx>>(work: &W, tx: &mut MemoryTx) -> Result<W::Output, W::Error> {
    // A unit that panicked is not looked at again, nor is the state that it changed.
    let poll =
        catch_unwind(AssertUnwindSafe(|| pin!(work.run(tx)).poll(&mut Context::from_waker(Waker::noop()))));
    match poll {
        Ok(Poll::Ready(answer)) => answer,
        Ok(Poll::Pending) => Err(StorageError::from(UnitError::Waited).into()),
        Err(_) => Err(StorageError::from(UnitError::Panicked).into()),
    }
}
