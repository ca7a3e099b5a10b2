use std::sync::Arc;
use std::sync::mpsc::Receiver;

use diesel::result::Error;

use super::SqliteTx;
use super::unit::{Unit, UnitOutcome};

/// So many units share a transaction at most: the first is not to wait long for the last.
const MAX_GROUP_COMMIT: usize = 64;

/// Runs the units that come, in their order, until nobody can send any more.
pub(super) fn serve(mut tx: SqliteTx, queue: &Receiver<Box<dyn Unit>>) {
    while let Ok(first) = queue.recv() {
        let mut units = vec![first];
        let ended = run_together(&mut tx, &mut units, queue);
        if ended.is_err() {
            // Most failures have ended the transaction already; whatever is left of it must not stay open.
            let _ = tx.control("ROLLBACK");
        }
        for unit in units {
            unit.answer(&tx, &ended);
        }
    }
}

/// Runs the unit, and those that come in meanwhile, in one transaction: syncing it to the disk takes longer than
/// they do together.
///
/// Each has a savepoint, so that one that is refused takes back its own writes alone. None is answered before the
/// transaction has ended, not even with a refusal, which may rest on what a unit before it wrote. An error is
/// everybody's: nothing of any of them was kept.
fn run_together(
    tx: &mut SqliteTx,
    units: &mut Vec<Box<dyn Unit>>,
    queue: &Receiver<Box<dyn Unit>>,
) -> Result<(), Arc<Error>> {
    // The write lock at once: a transaction that asks for it later may find that it cannot have it.
    if let Err(error) = tx.control("BEGIN IMMEDIATE") {
        // Another process held the lock for all of `busy_timeout`. Whoever waited as long is not made to wait again.
        units.extend(queue.try_iter().take(MAX_GROUP_COMMIT - 1));
        return Err(error);
    }
    let mut next = 0;
    while let Some(unit) = units.get_mut(next) {
        run_in_savepoint(tx, &mut **unit)?;
        next += 1;
        if next < MAX_GROUP_COMMIT {
            units.extend(queue.try_recv());
        }
    }
    tx.control("COMMIT")
}

fn run_in_savepoint(tx: &mut SqliteTx, unit: &mut dyn Unit) -> Result<(), Arc<Error>> {
    tx.control("SAVEPOINT unit")?;
    match unit.run(tx) {
        UnitOutcome::Keep => tx.control("RELEASE unit"),
        UnitOutcome::RollBack { failure } => tx
            .control("ROLLBACK TO unit; RELEASE unit")
            // There is no savepoint any more: the failed statement took the whole transaction with it.
            .map_err(|error| failure.unwrap_or(error)),
    }
}
