//! The reader threads.

use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};

use super::SqliteTx;
use super::unit::ErasedUnit;

/// Runs units of work from the shared queue until it has no sender.
pub(super) fn serve(mut tx: SqliteTx, queue: &Mutex<Receiver<Box<dyn ErasedUnit>>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut unit) = next else { return };
        // Deferred: the first read takes the snapshot of the transaction.
        let begun = tx.control("BEGIN").map_err(Into::into);
        if begun.is_ok() {
            unit.run(&mut tx);
        }
        // A read unit has nothing to commit. The rollback fails if an error has already ended the transaction.
        let _ = tx.control("ROLLBACK");
        unit.reply(&tx, &begun);
    }
}
