use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use asteroid_kernel::{StorageError, UnitOfWork};
use diesel::result::Error;
use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::SqliteTx;

/// A unit of work on its way through a thread's queue.
pub(super) trait Unit: Send {
    /// Does the work.
    fn run(&mut self, tx: &mut SqliteTx) -> UnitOutcome;

    /// Tells whoever waits what came of it; that is the error, if its transaction ended with one.
    fn answer(self: Box<Self>, tx: &SqliteTx, ended: &Result<(), Arc<Error>>);
}

/// What is to become of what a unit wrote.
pub(super) enum UnitOutcome {
    Keep,
    RollBack {
        /// The failed statement, if there was one.
        failure: Option<Arc<Error>>,
    },
}

/// Why a unit was rolled back although no statement failed.
#[derive(Debug, thiserror::Error)]
enum BrokenUnit {
    #[error("the unit of work panicked")]
    Panicked,
    #[error("the unit of work waited for something else than its repositories")]
    Waited,
}

type Outcome<W> = Result<<W as UnitOfWork<SqliteTx>>::Output, <W as UnitOfWork<SqliteTx>>::Error>;

struct QueuedUnit<W: UnitOfWork<SqliteTx>> {
    work: W,
    /// Once it ran.
    outcome: Option<Outcome<W>>,
    reply: oneshot::Sender<Outcome<W>>,
}

/// Wraps a unit up for a queue. The answer comes by the receiver, if anybody still waits there.
pub(super) fn enqueue_unit<W: UnitOfWork<SqliteTx>>(
    work: W,
) -> (Box<dyn Unit>, oneshot::Receiver<Outcome<W>>) {
    let (reply, answer) = oneshot::channel();
    (Box::new(QueuedUnit { work, outcome: None, reply }), answer)
}

impl<W: UnitOfWork<SqliteTx>> Unit for QueuedUnit<W> {
    fn run(&mut self, tx: &mut SqliteTx) -> UnitOutcome {
        let ran = catch_unwind(AssertUnwindSafe(|| self.work.run(tx).now_or_never()));
        let failure = tx.take_failure();
        let outcome = match (ran, &failure) {
            (Ok(Some(Ok(done))), None) => Ok(done),
            // It went on after a failed statement, and is not to be kept by halves.
            (Ok(Some(Ok(_))), Some(failure)) => Err(tx.storage_error(failure).into()),
            (Ok(Some(Err(refused))), _) => Err(refused),
            (Ok(None), _) => Err(StorageError::Failed(Box::new(BrokenUnit::Waited)).into()),
            (Err(_), _) => Err(StorageError::Failed(Box::new(BrokenUnit::Panicked)).into()),
        };
        let ran = if outcome.is_ok() { UnitOutcome::Keep } else { UnitOutcome::RollBack { failure } };
        self.outcome = Some(outcome);
        ran
    }

    fn answer(self: Box<Self>, tx: &SqliteTx, ended: &Result<(), Arc<Error>>) {
        let outcome = match ended {
            Ok(()) => self.outcome,
            Err(error) => Some(Err(tx.storage_error(error).into())),
        };
        if let Some(outcome) = outcome {
            // A caller is free to go away.
            let _ = self.reply.send(outcome);
        }
    }
}
