use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use crate::BoxError;

/// Why a store failed. Outcomes that the domain decides on (not found, taken) are values, never errors.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The store's queue is full; nothing was written. A retry may help soon.
    #[error("the store is busy")]
    Busy,
    /// The store cannot be reached, or cannot write (a full disk, a file that was moved away). Nothing was written, unless
    /// the connection broke or the file was moved during the commit. A retry may help once the cause is gone.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
    /// The store failed, and a retry does not help.
    #[error("the store failed")]
    Failed(#[source] BoxError),
}

/// The outcome of an upsert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upsert {
    /// The record is new.
    Created,
    /// The record existed with other content.
    Updated,
    /// The record existed with this content: nothing was written.
    Unchanged,
}

/// A unit of work: a named value whose [`run`](UnitOfWork::run) is one transaction.
///
/// It names the repositories that it needs, and no others:
/// `impl<Tx: UserRepository + SessionRepository> UnitOfWork<Tx> for …`.
///
/// A unit computes nothing slow, and awaits only its repositories: no hashing, no sending. It takes `&self`, because
/// a store runs it again from the start after a conflict of transactions.
pub trait UnitOfWork<Tx>: Send + Sync + 'static {
    /// The result of a committed unit.
    type Output: Send + 'static;
    /// Why the unit was rolled back.
    type Error: From<StorageError> + Send + 'static;

    /// Runs the unit. [`Ok`] commits; [`Err`] rolls everything back.
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

/// Port: a store that runs each unit of work in its own transaction.
///
/// The store owns the unit: a caller that is dropped neither aborts the transaction nor leaves it open, and may not
/// learn the outcome.
///
/// A unit that panics is rolled back and returns [`StorageError::Failed`], whether it reads or writes.
pub trait Storage: Send + Sync + 'static {
    /// The repositories of this store, within one transaction.
    type Tx: Send + 'static;

    /// Runs the unit in a transaction that may write. After [`Ok`] the writes are durable.
    fn write<W: UnitOfWork<Self::Tx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send;

    /// Runs the unit in a read-only transaction, over one snapshot of the store.
    ///
    /// A write in it fails with [`StorageError::Failed`].
    fn read<W: UnitOfWork<Self::Tx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send;

    /// Checks that the store can be reached and has the schema of this version.
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
