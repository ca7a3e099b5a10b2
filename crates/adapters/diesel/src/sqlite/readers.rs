use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};

use super::SqliteTx;
use super::unit::Unit;

/// Runs the units that this thread gets from the shared queue, until nobody can send any more.
pub(super) fn serve(mut tx: SqliteTx, queue: &Mutex<Receiver<Box<dyn Unit>>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut unit) = next else { return };
        // Deferred: the first read fixes the state that all of them see.
        let begun = tx.control("BEGIN");
        if begun.is_ok() {
            unit.run(&mut tx);
        }
        // There is nothing to commit, and nothing to roll back if a failure has ended the transaction already.
        let _ = tx.control("ROLLBACK");
        unit.answer(&tx, &begun);
    }
}
