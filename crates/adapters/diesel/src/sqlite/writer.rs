//! The writer thread, with group commit.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use asteroid_kernel::in_one_line;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_query;
use diesel::sql_types::Integer;

use super::SqliteTx;
use super::error::TransactionError;
use super::identity::DatabaseFiles;
use super::options::BUSY_TIMEOUT;
use super::unit::{ErasedUnit, UnitOutcome};
use super::write_health::WriteHealth;

/// The maximum number of units of work per transaction, which bounds the wait of the first one.
const MAX_GROUP_COMMIT: usize = 64;
/// How long after a failed write the writer tries one of its own.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// How long a checkpoint waits for readers; meanwhile nothing is written.
const CHECKPOINT_WAIT: Duration = Duration::from_secs(1);

/// The outcome of a checkpoint.
#[derive(QueryableByName)]
struct Checkpoint {
    /// Not 0 if readers use the log.
    #[diesel(sql_type = Integer)]
    busy: i32,
}

/// The connection of the writer thread, and what it checks.
pub(super) struct Writer {
    tx: SqliteTx,
    files: DatabaseFiles,
    health: WriteHealth,
    /// When to try a write again, while writes fail.
    next_probe: Option<Instant>,
}

impl Writer {
    pub(super) fn new(tx: SqliteTx, files: DatabaseFiles, health: WriteHealth) -> Self {
        Self { tx, files, health, next_probe: None }
    }

    /// Runs units of work in order until the queue has no sender.
    pub(super) fn serve(mut self, queue: &Receiver<Box<dyn ErasedUnit>>) {
        while let Some(first) = self.next_unit(queue) {
            let mut units = vec![first];
            let committed = self.run_group(&mut units, queue);
            if self.tx.take_erasure() && committed.is_ok() {
                self.empty_log();
            }
            if let Err(error) = &committed {
                if let TransactionError::Sql(error) = error {
                    self.write_failed(error);
                }
                // Most failures end the transaction. If it is still open, it must not stay so.
                let _ = self.tx.control("ROLLBACK");
            }
            for unit in units {
                unit.reply(&self.tx, &committed);
            }
        }
    }

    /// The next unit of work; [`None`] if there is no sender. Meanwhile probes whether writes succeed again.
    fn next_unit(&mut self, queue: &Receiver<Box<dyn ErasedUnit>>) -> Option<Box<dyn ErasedUnit>> {
        while let Some(at) = self.next_probe {
            let left = at.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                match queue.recv_timeout(left) {
                    Ok(unit) => return Some(unit),
                    Err(RecvTimeoutError::Disconnected) => return None,
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
            self.next_probe = None;
            if self.probe().is_ok() {
                self.health.succeeded();
                tracing::info!("the database can be written again");
            } else {
                let _ = self.tx.control("ROLLBACK");
                self.next_probe = Some(Instant::now() + PROBE_INTERVAL);
            }
        }
        queue.recv().ok()
    }

    /// Moves everything from the write-ahead log into the database, and truncates the log.
    fn empty_log(&mut self) {
        let checkpoint = |conn: &mut SqliteConnection| {
            conn.batch_execute(&format!("PRAGMA busy_timeout = {}", CHECKPOINT_WAIT.as_millis()))?;
            let outcome = sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result::<Checkpoint>(conn);
            conn.batch_execute(BUSY_TIMEOUT)?;
            outcome
        };
        match self.tx.direct(checkpoint) {
            Ok(Checkpoint { busy: 0 }) => {}
            Ok(_) => tracing::warn!(
                "readers keep the write-ahead log in use: it holds deleted data until it is overwritten"
            ),
            Err(error) => tracing::warn!("the write-ahead log cannot be emptied: {}", in_one_line(&error)),
        }
    }

    /// Commits a write of one page that changes nothing: `SQLite` does not compare what is written with what was there.
    fn probe(&mut self) -> Result<(), Arc<Error>> {
        self.tx.control("BEGIN IMMEDIATE")?;
        let write = |conn: &mut SqliteConnection| {
            let version = diesel::dsl::sql::<Integer>("SELECT user_version FROM pragma_user_version");
            let version: i32 = version.get_result(conn)?;
            conn.batch_execute(&format!("PRAGMA user_version = {version}"))
        };
        self.tx.direct(write).map_err(Arc::new)?;
        self.tx.control("COMMIT")
    }

    /// Records the error of a statement, and plans a probe if nothing can be written.
    fn write_failed(&mut self, error: &Arc<Error>) {
        self.health.failed(error);
        if self.next_probe.is_none() && self.health.is_failing() {
            tracing::error!("the database cannot be written: {}", in_one_line(&**error));
            self.next_probe = Some(Instant::now() + PROBE_INTERVAL);
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
            UnitOutcome::RollBack { failure } => {
                if let Some(error) = &failure {
                    self.write_failed(error);
                }
                self.tx
                    .control("ROLLBACK TO unit; RELEASE unit")
                    // The savepoint is missing if the failed statement rolled back the whole transaction.
                    .map_err(|error| failure.unwrap_or(error))
            }
        };
        Ok(ended?)
    }
}
