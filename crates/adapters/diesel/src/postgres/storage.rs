use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use asteroid_kernel::{Storage, StorageError, UnitOfWork};
use deadpool::Runtime;
use deadpool::managed::{PoolError, TimeoutType};
use diesel::result::Error;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};

use super::PostgresTx;
use super::connect::{ConnectError, Connector};
use super::error::{Kind, kind, storage_error};
use super::migrations::{self, MigrateError, Pending};
use super::options::PostgresOptions;
use crate::access::Access;
use crate::migrations::lacks_none;

/// A unit that others were in the way of, or whose connection was lost before it was committed, is run again so often.
const RETRIES: u32 = 3;

/// A store in `PostgreSQL`, by a pool of connections. Any number of them, in any number of processes, may work on one
/// database.
///
/// Units run as tasks of the runtime that it was opened on, whoever asks for them; so that has to live as long. A clone
/// is the same store.
#[derive(Clone)]
pub struct PostgresStorage {
    connector: Connector,
    pool: Pool<AsyncPgConnection>,
    /// Units that run or wait.
    admitted: Arc<Semaphore>,
    runtime: Handle,
    unit_timeout: Duration,
}

/// A unit was ended from outside.
#[derive(Debug, thiserror::Error)]
enum BrokenUnit {
    #[error("the unit of work panicked")]
    Panicked,
    #[error("the unit of work took longer than it may")]
    TookTooLong,
}

/// What came of one try to run a unit.
enum Try<W: UnitOfWork<PostgresTx>> {
    Ended(Result<W::Output, W::Error>),
    /// Nothing was kept, and the next try may succeed.
    Again(StorageError),
}

impl PostgresStorage {
    /// Opens the database, whose connections are made as they are needed. It may still have to be
    /// [migrated](Self::migrate).
    ///
    /// # Errors
    ///
    /// If the database does not let us in.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn open(options: &PostgresOptions) -> Result<Self, ConnectError> {
        let connector = Connector::new(&options.url, options.unit_timeout)?;
        let mut config = ManagerConfig::default();
        // Whether a connection is closed is seen without a question to the server.
        config.recycling_method = RecyclingMethod::Fast;
        let by_pool = connector.clone();
        config.custom_setup = Box::new(move |_| {
            let connector = by_pool.clone();
            async move { connector.connect().await }.boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(String::new(), config);
        let pool = Pool::builder(manager)
            .max_size(options.connections.max(1))
            .wait_timeout(Some(options.longest_wait))
            .create_timeout(Some(options.unit_timeout))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| ConnectError::Pool(error.into()))?;
        let admitted = options.connections.max(1).saturating_add(options.queue_length);
        // What is wrong with the address is better said now.
        let reached = pool.get().await.map(drop);
        reached.map_err(|error| ConnectError::Unreachable {
            url: options.url.to_string(),
            source: error.into(),
        })?;
        Ok(Self {
            connector,
            pool,
            admitted: Arc::new(Semaphore::new(admitted.min(Semaphore::MAX_PERMITS))),
            runtime: Handle::current(),
            unit_timeout: options.unit_timeout,
        })
    }

    /// The same store and pool, for work that nobody waits for, which may take longer.
    #[must_use]
    pub fn with_unit_timeout(&self, unit_timeout: Duration) -> Self {
        Self { unit_timeout, ..self.clone() }
    }

    /// Runs the migrations that this database lacks, and gives their names. If one fails, those before it stay. Any
    /// number of servers may do this at once.
    ///
    /// # Errors
    ///
    /// If one fails, or the database cannot be reached.
    pub async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        migrations::run(&self.connector).await
    }

    /// The names of the migrations that this database lacks.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StorageError> {
        self.read(Pending).await
    }

    async fn connection(&self) -> Result<Object<AsyncPgConnection>, StorageError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => StorageError::Busy,
            PoolError::Closed | PoolError::NoRuntimeSpecified => StorageError::Failed(Box::new(error)),
            PoolError::Timeout(_) | PoolError::Backend(_) | PoolError::PostCreateHook(_) => {
                StorageError::Unavailable(Box::new(error))
            }
        })
    }

    async fn run<W: UnitOfWork<PostgresTx>>(&self, work: W, access: Access) -> Result<W::Output, W::Error> {
        let permit = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| StorageError::Busy)?;
        let storage = self.clone();
        // A task of its own: whoever asked may go away, and it ends nevertheless.
        let unit = self.runtime.spawn(async move {
            let _permit = permit;
            let deadline = Instant::now() + storage.unit_timeout;
            // Whatever is under way at the deadline is dropped with its connection, and so rolled back.
            match timeout_at(deadline, storage.run_until_it_ends(&work, access)).await {
                Ok(ended) => ended,
                Err(_) => Err(StorageError::Unavailable(Box::new(BrokenUnit::TookTooLong)).into()),
            }
        });
        unit.await.map_err(|gone| StorageError::Unavailable(gone.into()))?
    }

    async fn run_until_it_ends<W: UnitOfWork<PostgresTx>>(
        &self,
        work: &W,
        access: Access,
    ) -> Result<W::Output, W::Error> {
        let mut tried = 0;
        loop {
            match self.try_once(work, access).await {
                Try::Ended(outcome) => return outcome,
                Try::Again(error) if tried == RETRIES => return Err(error.into()),
                Try::Again(_) => {}
            }
            tried += 1;
            sleep(jitter(tried)).await;
        }
    }

    async fn try_once<W: UnitOfWork<PostgresTx>>(&self, work: &W, access: Access) -> Try<W> {
        let conn = match self.connection().await {
            Ok(conn) => conn,
            Err(error) => return Try::Ended(Err(error.into())),
        };
        let mut tx = PostgresTx::new(conn, access);
        if let Err(error) = tx.begin(self.unit_timeout.as_millis()).await {
            // A connection that was idle while the server went away.
            return Try::Again(StorageError::Unavailable(error.into()));
        }
        let ran = AssertUnwindSafe(work.run(&mut tx)).catch_unwind().await;
        let failure = tx.failure().cloned();
        match (ran, failure) {
            (Ok(Ok(done)), None) => commit(tx, done).await,
            // It may have gone on after a failed statement, and is not to be kept by halves.
            (Ok(_), Some(failure)) => roll_back(tx, &failure).await,
            (Ok(Err(refused)), None) => {
                // Should that fail, the connection is dropped, and the server does it.
                let _ = tx.roll_back().await;
                Try::Ended(Err(refused))
            }
            (Err(_), _) => {
                let _ = tx.roll_back().await;
                Try::Ended(Err(StorageError::Failed(Box::new(BrokenUnit::Panicked)).into()))
            }
        }
    }
}

async fn commit<W: UnitOfWork<PostgresTx>>(mut tx: PostgresTx, done: W::Output) -> Try<W> {
    let Err(error) = tx.commit().await else { return Try::Ended(Ok(done)) };
    let kind = kind(&error, tx.access());
    let error = Arc::new(error);
    match kind {
        Kind::Conflict => Try::Again(StorageError::Busy),
        Kind::Failed if !is_unknown(&error) => Try::Ended(Err(storage_error(&error, kind).into())),
        // It may have been committed or not: to do it again would perhaps do it twice.
        Kind::Failed | Kind::Unavailable => Try::Ended(Err(storage_error(&error, Kind::Unavailable).into())),
    }
}

async fn roll_back<W: UnitOfWork<PostgresTx>>(mut tx: PostgresTx, failure: &Arc<Error>) -> Try<W> {
    let connection_lost = tx.roll_back().await.is_err();
    match kind(failure, tx.access()) {
        Kind::Conflict => Try::Again(StorageError::Busy),
        // Whatever it said last.
        Kind::Failed | Kind::Unavailable if connection_lost => {
            Try::Again(storage_error(failure, Kind::Unavailable))
        }
        kind => Try::Ended(Err(storage_error(failure, kind).into())),
    }
}

fn is_unknown(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(diesel::result::DatabaseErrorKind::Unknown, _))
}

/// Between 0 and 10, 20, 40 … milliseconds: those who were in each other's way are not to meet again.
fn jitter(tried: u32) -> Duration {
    let bound = 10_000_u64 << tried.min(10);
    let chance = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), tried);
    Duration::from_micros(chance % bound)
}

impl Storage for PostgresStorage {
    type Tx = PostgresTx;

    fn write<W: UnitOfWork<PostgresTx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send {
        self.run(work, Access::Write)
    }

    fn read<W: UnitOfWork<PostgresTx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send {
        self.run(work, Access::Read)
    }

    async fn check(&self) -> Result<(), StorageError> {
        lacks_none(self.pending_migrations().await?)
    }
}
