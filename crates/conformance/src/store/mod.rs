//! The store as clauses use it: each call is a unit of work of its own.

mod audit;
mod challenges;
mod clients;
mod limits;
mod outbox;
mod practices;
mod registrations;
mod sessions;
mod terms;
mod users;

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use asteroid_audit::AuditRepository;
use asteroid_clients::{ClientRepository, MembershipRepository, PracticeRepository};
use asteroid_identity::{PendingRegistrationRepository, SessionRepository, UserRepository};
use asteroid_kernel::{Storage, StorageError, UnitOfWork};
use asteroid_limits::LimitRepository;
use asteroid_messaging::OutboxRepository;
use asteroid_terms::TermsRepository;
use asteroid_verification::ChallengeRepository;

/// Every repository there is.
pub trait AllRepositories:
    UserRepository
    + PendingRegistrationRepository
    + SessionRepository
    + ChallengeRepository
    + OutboxRepository
    + LimitRepository
    + AuditRepository
    + TermsRepository
    + PracticeRepository
    + MembershipRepository
    + ClientRepository
{
}

impl<Tx> AllRepositories for Tx where
    Tx: UserRepository
        + PendingRegistrationRepository
        + SessionRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository
        + TermsRepository
        + PracticeRepository
        + MembershipRepository
        + ClientRepository
{
}

/// A store whose units of work reach every repository.
pub trait CompleteStorage: Storage<Tx: AllRepositories> {}

impl<S: Storage<Tx: AllRepositories>> CompleteStorage for S {}

pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StorageError>> + Send + 'a>>;

/// A unit of work from a function, for the many that are too small to be worth a name.
struct Unit<C, F, T> {
    context: C,
    run: F,
    answers: PhantomData<fn() -> T>,
}

impl<Tx, C, F, T> UnitOfWork<Tx> for Unit<C, F, T>
where
    Tx: Send,
    C: Send + Sync + 'static,
    F: for<'a> Fn(&'a C, &'a mut Tx) -> Answer<'a, T> + Send + Sync + 'static,
    T: Send + 'static,
{
    type Output = T;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<T, StorageError> {
        (self.run)(&self.context, tx).await
    }
}

/// The store under test.
pub(crate) struct Store<S>(Arc<S>);

impl<S> Clone for Store<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: CompleteStorage> Store<S> {
    pub(crate) fn new(storage: S) -> Self {
        Self(Arc::new(storage))
    }

    pub(crate) fn storage(&self) -> &S {
        &self.0
    }

    /// Runs a unit that may write; the store has to work.
    pub(crate) async fn write<C, T>(
        &self,
        context: C,
        run: impl for<'a> Fn(&'a C, &'a mut S::Tx) -> Answer<'a, T> + Send + Sync + 'static,
    ) -> T
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        works(self.try_write(context, run).await)
    }

    /// Runs a unit that may write.
    pub(crate) async fn try_write<C, T>(
        &self,
        context: C,
        run: impl for<'a> Fn(&'a C, &'a mut S::Tx) -> Answer<'a, T> + Send + Sync + 'static,
    ) -> Result<T, StorageError>
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.0.write(Unit { context, run, answers: PhantomData }).await
    }

    /// Runs a unit that only reads; the store has to work.
    pub(crate) async fn read<C, T>(
        &self,
        context: C,
        run: impl for<'a> Fn(&'a C, &'a mut S::Tx) -> Answer<'a, T> + Send + Sync + 'static,
    ) -> T
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        works(self.try_read(context, run).await)
    }

    /// Runs a unit that should only read.
    pub(crate) async fn try_read<C, T>(
        &self,
        context: C,
        run: impl for<'a> Fn(&'a C, &'a mut S::Tx) -> Answer<'a, T> + Send + Sync + 'static,
    ) -> Result<T, StorageError>
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.0.read(Unit { context, run, answers: PhantomData }).await
    }
}

/// What came of a unit that nothing stands in the way of.
#[track_caller]
pub(crate) fn works<T, E: fmt::Debug>(answer: Result<T, E>) -> T {
    answer.expect("the store works")
}
