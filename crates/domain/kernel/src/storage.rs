use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use crate::BoxError;

/// Why a store did not do what it was asked. What the domain can decide on (not found, taken) is never here.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// More work waits than the store takes on; nothing was done. Trying again soon may help.
    #[error("the store is busy")]
    Busy,
    /// The store cannot be reached, or cannot write (a full disk). Nothing was kept, unless the connection
    /// broke during the commit itself. Trying again may help once the cause is gone.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
    /// The store refused or broke in a way that trying again does not mend.
    #[error("the store failed")]
    Failed(#[source] BoxError),
}

/// What became of a record that was put into a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upsert {
    /// It was not there before.
    Created,
    /// It was there with another content.
    Updated,
    /// It was there as it is: nothing was written.
    Unchanged,
}

/// A unit of work: a named value that says what is to be done in one transaction.
///
/// It asks for the repositories that it needs and for no others:
/// `impl<Tx: UserRepository + SessionRepository> UnitOfWork<Tx> for …`.
///
/// A unit computes nothing slow and waits for nothing but its repositories: no hashing, no sending. It takes
/// `&self`, because a store that runs into a conflict of transactions runs it again from the start.
pub trait UnitOfWork<Tx>: Send + Sync + 'static {
    /// What the unit answers once it is committed.
    type Output: Send + 'static;
    /// Why nothing was committed.
    type Error: From<StorageError> + Send + 'static;

    /// Does the work. `Ok` is committed; `Err` is rolled back, and leaves nothing behind.
    fn run(&self, tx: &mut Tx) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// What a closure of [`unit_of_work`] returns.
pub type UnitFuture<'a, T, E = StorageError> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

struct ClosureUnit<C, F, T, E> {
    context: C,
    run: F,
    outcome: PhantomData<fn() -> Result<T, E>>,
}

impl<Tx, C, F, T, E> UnitOfWork<Tx> for ClosureUnit<C, F, T, E>
where
    Tx: Send,
    C: Send + Sync + 'static,
    F: for<'a> Fn(&'a C, &'a mut Tx) -> UnitFuture<'a, T, E> + Send + Sync + 'static,
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
{
    type Output = T;
    type Error = E;

    async fn run(&self, tx: &mut Tx) -> Result<T, E> {
        (self.run)(&self.context, tx).await
    }
}

/// A unit of work made of a closure and of what it works on: for a unit too small to deserve a name.
///
/// ```
/// # use asteroid_kernel::{StorageError, UnitOfWork, unit_of_work};
/// # trait Counters { fn add(&mut self, count: u32) -> impl Future<Output = Result<u32, StorageError>> + Send; }
/// fn add<Tx: Counters + Send>(count: u32) -> impl UnitOfWork<Tx, Output = u32, Error = StorageError> {
///     unit_of_work(count, |count, tx: &mut Tx| Box::pin(tx.add(*count)))
/// }
/// ```
pub fn unit_of_work<Tx, C, F, T, E>(context: C, run: F) -> impl UnitOfWork<Tx, Output = T, Error = E>
where
    Tx: Send,
    C: Send + Sync + 'static,
    F: for<'a> Fn(&'a C, &'a mut Tx) -> UnitFuture<'a, T, E> + Send + Sync + 'static,
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
{
    ClosureUnit { context, run, outcome: PhantomData }
}

/// A store that runs units of work, each in a transaction of its own.
///
/// A unit is handed over whole and ends by itself: a caller that goes away in the middle neither cuts the
/// transaction nor leaves it open. It may learn nothing of the outcome.
///
/// A unit that panics is rolled back and answered [`StorageError::Failed`], whether it reads or writes.
pub trait Storage: Send + Sync + 'static {
    /// What a unit works on: the repositories of this store, within one transaction.
    type Tx: Send + 'static;

    /// Runs the unit in a transaction that may write. When this answers `Ok`, what the unit wrote is durable.
    fn write<W: UnitOfWork<Self::Tx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send;

    /// Runs the unit in a transaction that only reads, over one state of the store.
    ///
    /// A unit that tries to write here gets [`StorageError::Failed`].
    fn read<W: UnitOfWork<Self::Tx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send;

    /// Whether the store can be reached and is laid out as this version needs it.
    fn check(&self) -> impl Future<Output = Result<(), StorageError>> + Send;
}

impl<S: Storage> Storage for std::sync::Arc<S> {
    type Tx = S::Tx;

    fn write<W: UnitOfWork<Self::Tx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send {
        (**self).write(work)
    }

    fn read<W: UnitOfWork<Self::Tx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send {
        (**self).read(work)
    }

    fn check(&self) -> impl Future<Output = Result<(), StorageError>> + Send {
        (**self).check()
    }
}
