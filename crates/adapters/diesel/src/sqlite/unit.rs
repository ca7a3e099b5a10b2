//! Units of work in the queues of the threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use asteroid_kernel::{StorageError, UnitOfWork};
use diesel::result::Error;
use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::SqliteTx;
use super::error::TransactionError;

/// A unit of work of any type in the queue of a thread.
pub(super) trait ErasedUnit: Send {
    /// Runs the unit of work.
    fn run(&mut self, tx: &mut SqliteTx) -> UnitOutcome;

    /// Sends the result to the caller, or the error of the transaction if it failed.
    fn reply(self: Box<Self>, tx: &SqliteTx, committed: &Result<(), TransactionError>);
}

/// What happens to the writes of a unit of work.
pub(super) enum UnitOutcome {
    Keep,
    RollBack {
        /// The error of the failed statement, if there was one.
        failure: Option<Arc<Error>>,
    },
}

/// Why a unit of work failed although no statement did.
#[derive(Debug, thiserror::Error)]
enum UnitFailure {
    #[error("the unit of work panicked")]
    Panicked,
    #[error("the unit of work awaited something other than its repositories")]
    AwaitedOther,
}

type UnitResult<W> = Result<<W as UnitOfWork<SqliteTx>>::Output, <W as UnitOfWork<SqliteTx>>::Error>;

/// A unit of work, its result and its caller.
struct QueuedUnit<W: UnitOfWork<SqliteTx>> {
    work: W,
    /// [`None`] until it has run.
    result: Option<UnitResult<W>>,
    reply: oneshot::Sender<UnitResult<W>>,
}

/// Prepares a unit of work for a queue. The receiver gets its result.
pub(super) fn enqueue_unit<W: UnitOfWork<SqliteTx>>(
    work: W,
) -> (Box<dyn ErasedUnit>, oneshot::Receiver<UnitResult<W>>) {
    let (reply, answer) = oneshot::channel();
    (Box::new(QueuedUnit { work, result: None, reply }), answer)
}

impl<W: UnitOfWork<SqliteTx>> ErasedUnit for QueuedUnit<W> {
    fn run(&mut self, tx: &mut SqliteTx) -> UnitOutcome {
        let ran = catch_unwind(AssertUnwindSafe(|| self.work.run(tx).now_or_never()));
        let failure = tx.take_failure();
        let result = match (ran, &failure) {
            (Ok(Some(Ok(output))), None) => Ok(output),
            // The unit ignored a failed statement, so its writes are incomplete.
            (Ok(Some(Ok(_))), Some(failure)) => Err(tx.storage_error(failure).into()),
            (Ok(Some(Err(error))), _) => Err(error),
            (Ok(None), _) => Err(StorageError::Failed(Box::new(UnitFailure::AwaitedOther)).into()),
            (Err(_), _) => Err(StorageError::Failed(Box::new(UnitFailure::Panicked)).into()),
        };
        let outcome = if result.is_ok() { UnitOutcome::Keep } else { UnitOutcome::RollBack { failure } };
        self.result = Some(result);
        outcome
    }

    fn reply(self: Box<Self>, tx: &SqliteTx, committed: &Result<(), TransactionError>) {
        let result = match committed {
            Ok(()) => self.result,
            Err(error) => Some(Err(tx.transaction_error(error).into())),
        };
        if let Some(result) = result {
            // The caller may have been cancelled.
            let _ = self.reply.send(result);
        }
    }
}
