//! The store: its threads, their queues and [`Storage`] on them.

use std::future::Future;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use asteroid_kernel::{Storage, StorageError, UnitOfWork};

use super::SqliteTx;
use super::identity::DatabaseFiles;
use super::migrations::{self, FindPendingMigrations, MigrateError};
use super::options::{OpenError, SqliteOptions, connect, prepare_file};
use super::readers;
use super::unit::{ErasedUnit, enqueue_unit};
use super::write_health::WriteHealth;
use super::writer::Writer;
use crate::access::Access;
use crate::metrics::{measured, record_refusal};
use crate::migrations::require_none_pending;

/// A store in one `SQLite` file.
///
/// Dropping it waits until all queued units of work have run.
pub struct SqliteStorage {
    path: PathBuf,
    files: DatabaseFiles,
    writes: WriteHealth,
    // Dropped in this order: the writer closes the last connection, which moves the write-ahead log into the database.
    readers: WorkerThreads,
    writer: WorkerThreads,
}

/// Threads that run the units of work of one queue.
struct WorkerThreads {
    // Dropped in this order: the threads end when the queue has no sender.
    queue: SyncSender<Box<dyn ErasedUnit>>,
    threads: JoinedThreads,
}

/// Threads that are joined when dropped.
#[derive(Default)]
struct JoinedThreads(Vec<JoinHandle<()>>);

impl Drop for JoinedThreads {
    fn drop(&mut self) {
        for thread in self.0.drain(..) {
            let _ = thread.join();
        }
    }
}

impl WorkerThreads {
    fn new(queue_length: usize) -> (Self, Receiver<Box<dyn ErasedUnit>>) {
        let (queue, units) = mpsc::sync_channel(queue_length);
        (Self { queue, threads: JoinedThreads::default() }, units)
    }

    fn start(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
        self.threads.0.push(thread.map_err(OpenError::Thread)?);
        Ok(())
    }

    async fn run<W: UnitOfWork<SqliteTx>>(&self, work: W) -> Result<W::Output, W::Error> {
        let (unit, answer) = enqueue_unit(work);
        self.queue.try_send(unit).map_err(|error| match error {
            TrySendError::Full(_) => {
                record_refusal();
                StorageError::Busy
            }
            TrySendError::Disconnected(_) => {
                StorageError::Failed("the thread of the database has ended".into())
            }
        })?;
        answer.await.map_err(|error| StorageError::Failed(error.into()))?
    }
}

impl SqliteStorage {
    /// Opens the database, and creates the file if it does not exist. Does not [migrate](Self::migrate) it.
    ///
    /// # Errors
    ///
    /// If the file or its folder cannot be created or used.
    pub fn open(options: &SqliteOptions) -> Result<Self, OpenError> {
        let path = prepare_file(&options.path)?;
        let not_found = |source| OpenError::File { path: path.clone(), source };
        let mut files = DatabaseFiles::before_opening(&path).map_err(not_found)?;
        let conn = connect(&path, Access::Write)?;
        files.add_journals().map_err(not_found)?;
        let (mut writer, units) = WorkerThreads::new(options.queue_length);
        let writes = WriteHealth::default();
        let tx = Writer::new(SqliteTx::new(conn, Access::Write), files.clone(), writes.clone());
        writer.start("sqlite-writer", move || tx.serve(&units))?;
        let (mut readers, units) = WorkerThreads::new(options.queue_length);
        let units = Arc::new(Mutex::new(units));
        for _ in 0..options.readers.max(1) {
            let tx = SqliteTx::new(connect(&path, Access::Read)?, Access::Read);
            let units = Arc::clone(&units);
            readers.start("sqlite-reader", move || readers::serve(tx, &units))?;
        }
        Ok(Self { path, files, writes, readers, writer })
    }

    /// Runs all pending migrations in one transaction and returns their names.
    ///
    /// # Errors
    ///
    /// If a migration fails, or the database cannot be written.
    pub async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        migrations::run(self.path.clone()).await
    }

    /// The names of the pending migrations.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StorageError> {
        self.read(FindPendingMigrations).await
    }
}

impl Storage for SqliteStorage {
    type Tx = SqliteTx;

    fn write<W: UnitOfWork<SqliteTx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send {
        measured(Access::Write, self.writer.run(work))
    }

    fn read<W: UnitOfWork<SqliteTx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send {
        measured(Access::Read, self.readers.run(work))
    }

    async fn check(&self) -> Result<(), StorageError> {
        self.files.check()?;
        self.writes.check()?;
        require_none_pending(self.pending_migrations().await?)
    }
}
