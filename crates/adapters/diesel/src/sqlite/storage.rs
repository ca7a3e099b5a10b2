use std::future::Future;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use asteroid_kernel::{Storage, StorageError, UnitOfWork};

use super::SqliteTx;
use super::migrations::{self, MigrateError, Pending};
use super::options::{OpenError, SqliteOptions, connect, prepare_file};
use super::unit::{Unit, enqueue_unit};
use super::{readers, writer};
use crate::access::Access;
use crate::migrations::lacks_none;

/// A store in one file of `SQLite`.
///
/// Dropping it waits until the units that were handed over have run.
pub struct SqliteStorage {
    path: PathBuf,
    // In this order: the last connection to be closed folds the log into the database, if no other is closed just then.
    readers: WorkerThreads,
    writer: WorkerThreads,
}

/// Threads that run the units of one queue.
struct WorkerThreads {
    // In this order: the threads end when nobody can send any more.
    queue: SyncSender<Box<dyn Unit>>,
    threads: Threads,
}

#[derive(Default)]
struct Threads(Vec<JoinHandle<()>>);

impl Drop for Threads {
    fn drop(&mut self) {
        for thread in self.0.drain(..) {
            let _ = thread.join();
        }
    }
}

impl WorkerThreads {
    fn new(queue_length: usize) -> (Self, Receiver<Box<dyn Unit>>) {
        let (queue, units) = mpsc::sync_channel(queue_length);
        (Self { queue, threads: Threads::default() }, units)
    }

    fn start(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
        self.threads.0.push(thread.map_err(OpenError::Thread)?);
        Ok(())
    }

    async fn run<W: UnitOfWork<SqliteTx>>(&self, work: W) -> Result<W::Output, W::Error> {
        let (unit, answer) = enqueue_unit(work);
        self.queue.try_send(unit).map_err(|refused| match refused {
            TrySendError::Full(_) => StorageError::Busy,
            TrySendError::Disconnected(_) => StorageError::Failed("the database's thread has ended".into()),
        })?;
        answer.await.map_err(|gone| StorageError::Failed(gone.into()))?
    }
}

impl SqliteStorage {
    /// Opens the database, and makes it if it is not there. It may still have to be [migrated](Self::migrate).
    ///
    /// # Errors
    ///
    /// If the file or its folder cannot be made or used.
    pub fn open(options: &SqliteOptions) -> Result<Self, OpenError> {
        let path = prepare_file(&options.path)?;
        let (mut writer, units) = WorkerThreads::new(options.queue_length);
        let tx = SqliteTx::new(connect(&path, Access::Write)?, Access::Write);
        writer.start("sqlite-writer", move || writer::serve(tx, &units))?;
        let (mut readers, units) = WorkerThreads::new(options.queue_length);
        let units = Arc::new(Mutex::new(units));
        for _ in 0..options.readers.max(1) {
            let tx = SqliteTx::new(connect(&path, Access::Read)?, Access::Read);
            let units = Arc::clone(&units);
            readers.start("sqlite-reader", move || readers::serve(tx, &units))?;
        }
        Ok(Self { path, readers, writer })
    }

    /// Runs the migrations that this database lacks, all or none of them, and gives their names.
    ///
    /// # Errors
    ///
    /// If one fails, or the database cannot be written.
    pub async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        migrations::run(self.path.clone()).await
    }

    /// The names of the migrations that this database lacks.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StorageError> {
        self.read(Pending).await
    }
}

impl Storage for SqliteStorage {
    type Tx = SqliteTx;

    fn write<W: UnitOfWork<SqliteTx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send {
        self.writer.run(work)
    }

    fn read<W: UnitOfWork<SqliteTx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send {
        self.readers.run(work)
    }

    async fn check(&self) -> Result<(), StorageError> {
        lacks_none(self.pending_migrations().await?)
    }
}
