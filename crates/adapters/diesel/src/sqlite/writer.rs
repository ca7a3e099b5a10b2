//! The writer thread, with group commit.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use diesel::result::Error;

use super::SqliteTx;
use super::unit::{ErasedUnit, UnitOutcome};

/// The maximum number of units of work per transaction, which bounds the wait of the first one.
const MAX_GROUP_COMMIT: usize = 64;

/// Runs units of work in order until the queue has no sender.
pub(super) fn serve(mut tx: SqliteTx, queue: &Receiver<Box<dyn ErasedUnit>>) {
    while let Ok(first) = queue.recv() {
        let mut units = vec![first];
        let committed = run_group(&mut tx, &mut units, queue);
        if committed.is_err() {
            // Most failures end the transaction. If it is still open, it must not stay so.
            let _ = tx.control("ROLLBACK");
        }
        for unit in units {
            unit.reply(&tx, &committed);
        }
    }
}

/// Runs a unit of work, and those that arrive meanwhile, in one transaction: a sync to the disk takes longer than the
/// units together.
///
/// Each unit has a savepoint, so an error rolls back only its own writes. No unit gets its result before the
/// transaction has ended, not even an error, which may depend on writes of an earlier unit. If the transaction fails,
/// every unit gets the error, and all writes are rolled back.
fn run_group(
    tx: &mut SqliteTx,
    units: &mut Vec<Box<dyn ErasedUnit>>,
    queue: &Receiver<Box<dyn ErasedUnit>>,
) -> Result<(), Arc<Error>> {
    // Takes the write lock first: a transaction that upgrades later may fail to get it.
    if let Err(error) = tx.control("BEGIN IMMEDIATE") {
        // Another process held the lock for all of `busy_timeout`. The units that waited as long fail, too.
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

fn run_in_savepoint(tx: &mut SqliteTx, unit: &mut dyn ErasedUnit) -> Result<(), Arc<Error>> {
    tx.control("SAVEPOINT unit")?;
    match unit.run(tx) {
        UnitOutcome::Keep => tx.control("RELEASE unit"),
        UnitOutcome::RollBack { failure } => tx
            .control("ROLLBACK TO unit; RELEASE unit")
            // The savepoint is missing if the failed statement rolled back the whole transaction.
            .map_err(|error| failure.unwrap_or(error)),
    }
}
