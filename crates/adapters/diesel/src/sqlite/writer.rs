//! The writer thread, with group commit.

use std::sync::mpsc::Receiver;

use super::SqliteTx;
use super::error::TransactionError;
use super::identity::DatabaseFiles;
use super::unit::{ErasedUnit, UnitOutcome};

/// The maximum number of units of work per transaction, which bounds the wait of the first one.
const MAX_GROUP_COMMIT: usize = 64;

/// The connection of the writer thread, and what it checks.
pub(super) struct Writer {
    tx: SqliteTx,
    files: DatabaseFiles,
}

impl Writer {
    pub(super) fn new(tx: SqliteTx, files: DatabaseFiles) -> Self {
        Self { tx, files }
    }

    /// Runs units of work in order until the queue has no sender.
    pub(super) fn serve(mut self, queue: &Receiver<Box<dyn ErasedUnit>>) {
        while let Ok(first) = queue.recv() {
            let mut units = vec![first];
            let committed = self.run_group(&mut units, queue);
            if committed.is_err() {
                // Most failures end the transaction. If it is still open, it must not stay so.
                let _ = self.tx.control("ROLLBACK");
            }
            for unit in units {
                unit.reply(&self.tx, &committed);
            }
        }
    }

    /// Runs a unit of work, and those that arrive meanwhile, in one transaction: a sync to the disk takes longer than the
    /// units together.
    ///
    /// Each unit has a savepoint, so an error rolls back only its own writes. No unit gets its result before the
    /// transaction has ended, not even an error, which may depend on writes of an earlier unit. If the transaction fails,
    /// every unit gets the error, and all writes are rolled back; after the commit they are only not acknowledged.
    fn run_group(
        &mut self,
        units: &mut Vec<Box<dyn ErasedUnit>>,
        queue: &Receiver<Box<dyn ErasedUnit>>,
    ) -> Result<(), TransactionError> {
        // Takes the write lock first: a transaction that upgrades later may fail to get it.
        if let Err(error) = self.tx.control("BEGIN IMMEDIATE") {
            // Another process held the lock for all of `busy_timeout`. The units that waited as long fail, too.
            units.extend(queue.try_iter().take(MAX_GROUP_COMMIT - 1));
            return Err(error.into());
        }
        let mut next = 0;
        while let Some(unit) = units.get_mut(next) {
            self.run_in_savepoint(&mut **unit)?;
            next += 1;
            if next < MAX_GROUP_COMMIT {
                units.extend(queue.try_recv());
            }
        }
        self.files.check()?;
        self.tx.control("COMMIT")?;
        // Again, because the files may have changed during the sync. Once they change after this, the units of this group
        // were in them.
        Ok(self.files.check()?)
    }

    fn run_in_savepoint(&mut self, unit: &mut dyn ErasedUnit) -> Result<(), TransactionError> {
        self.tx.control("SAVEPOINT unit")?;
        let ended = match unit.run(&mut self.tx) {
            UnitOutcome::Keep => self.tx.control("RELEASE unit"),
            UnitOutcome::RollBack { failure } => self
                .tx
                .control("ROLLBACK TO unit; RELEASE unit")
                // The savepoint is missing if the failed statement rolled back the whole transaction.
                .map_err(|error| failure.unwrap_or(error)),
        };
        Ok(ended?)
    }
}
