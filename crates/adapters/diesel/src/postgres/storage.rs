//! The store: the connection pool, retries and timeouts of units of work.

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
use super::error::{SqlErrorKind, error_kind, storage_error};
use super::migrations::{self, FindPendingMigrations, MigrateError};
use super::options::PostgresOptions;
use crate::access::Access;
use crate::metrics::{measured, record_refusal, record_retry, report_pool};
use crate::migrations::require_none_pending;

/// The number of retries of a unit of work after a conflict or a connection lost before the commit.
const MAX_RETRIES: u32 = 3;

/// A store in `PostgreSQL` with a connection pool. Any number of stores, in any number of processes, share one
/// database.
///
/// Units of work run as tasks of the runtime on which the store was opened, so that runtime must outlive the store.
/// Clones share one pool.
#[derive(Clone)]
pub struct PostgresStorage {
    connector: Connector,
    pool: Pool<AsyncPgConnection>,
    /// Permits for units of work that run or wait.
    permits: Arc<Semaphore>,
    runtime: Handle,
    unit_timeout: Duration,
}

/// Why a unit of work was aborted.
#[derive(Debug, thiserror::Error)]
enum UnitFailure {
    #[error("the unit of work panicked")]
    Panicked,
    #[error("the unit of work timed out")]
    TimedOut,
}

/// The outcome of one attempt to run a unit of work.
enum Attempt<W: UnitOfWork<PostgresTx>> {
    Finished(Result<W::Output, W::Error>),
    /// The attempt was rolled back, and a retry may succeed.
    Retry(StorageError),
}

impl PostgresStorage {
    /// Opens the store and tries one connection; further connections open on demand. Does not [migrate](Self::migrate)
    /// the database.
    ///
    /// # Errors
    ///
    /// If the connection fails.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn open(options: &PostgresOptions) -> Result<Self, ConnectError> {
        let connector = Connector::new(&options.url, options.unit_timeout)?;
        let mut config = ManagerConfig::default();
        // A closed connection is detected without a query.
        config.recycling_method = RecyclingMethod::Fast;
        let pool_connector = connector.clone();
        config.custom_setup = Box::new(move |_| {
            let connector = pool_connector.clone();
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
        let permits = options.connections.max(1).saturating_add(options.queue_length);
        // A wrong URL is reported at start.
        let reached = pool.get().await.map(drop);
        reached.map_err(|error| ConnectError::Unreachable {
            url: options.url.to_string(),
            source: error.into(),
        })?;
        Ok(Self {
            connector,
            pool,
            permits: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            runtime: Handle::current(),
            unit_timeout: options.unit_timeout,
        })
    }

    /// The same store and pool with another time limit, for example for background work.
    #[must_use]
    pub fn with_unit_timeout(&self, unit_timeout: Duration) -> Self {
        Self { unit_timeout, ..self.clone() }
    }

    /// Runs the pending migrations and returns their names. If one fails, those before it are kept. Any number of
    /// servers may migrate concurrently.
    ///
    /// # Errors
    ///
    /// If a migration fails, or the database cannot be reached.
    pub async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        migrations::run(&self.connector).await
    }

    /// The names of the pending migrations.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StorageError> {
        self.read(FindPendingMigrations).await
    }

    /// Reports the state of the connection pool to the recorder of metrics.
    pub fn report_pool(&self) {
        let status = self.pool.status();
        report_pool(status.size, status.available, status.max_size);
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
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| {
            record_refusal();
            StorageError::Busy
        })?;
        let storage = self.clone();
        // A task of its own, which ends even if the caller is cancelled.
        let unit = self.runtime.spawn(async move {
            let _permit = permit;
            let deadline = Instant::now() + storage.unit_timeout;
            // At the deadline the connection is dropped, and with it the transaction.
            match timeout_at(deadline, storage.run_with_retries(&work, access)).await {
                Ok(result) => result,
                Err(_) => Err(StorageError::Unavailable(Box::new(UnitFailure::TimedOut)).into()),
            }
        });
        unit.await.map_err(|error| StorageError::Unavailable(error.into()))?
    }

    async fn run_with_retries<W: UnitOfWork<PostgresTx>>(
        &self,
        work: &W,
        access: Access,
    ) -> Result<W::Output, W::Error> {
        let mut retries = 0;
        loop {
            match self.attempt(work, access).await {
                Attempt::Finished(outcome) => return outcome,
                Attempt::Retry(error) if retries == MAX_RETRIES => return Err(error.into()),
                Attempt::Retry(_) => {}
            }
            retries += 1;
            record_retry();
            sleep(jitter(retries)).await;
        }
    }

    async fn attempt<W: UnitOfWork<PostgresTx>>(&self, work: &W, access: Access) -> Attempt<W> {
        let conn = match self.connection().await {
            Ok(conn) => conn,
            Err(error) => return Attempt::Finished(Err(error.into())),
        };
        let mut tx = PostgresTx::new(conn, access);
        if let Err(error) = tx.begin(self.unit_timeout.as_millis()).await {
            // The server closed this idle connection.
            return Attempt::Retry(StorageError::Unavailable(error.into()));
        }
        let ran = AssertUnwindSafe(work.run(&mut tx)).catch_unwind().await;
        let failure = tx.failure().cloned();
        match (ran, failure) {
            (Ok(Ok(output)), None) => commit(tx, output).await,
            // The unit ignored a failed statement, so its writes are incomplete.
            (Ok(_), Some(failure)) => roll_back(tx, &failure).await,
            (Ok(Err(error)), None) => {
                // If the rollback fails, the connection is dropped, and the server rolls back.
                let _ = tx.roll_back().await;
                Attempt::Finished(Err(error))
            }
            (Err(_), _) => {
                let _ = tx.roll_back().await;
                Attempt::Finished(Err(StorageError::Failed(Box::new(UnitFailure::Panicked)).into()))
            }
        }
    }
}

async fn commit<W: UnitOfWork<PostgresTx>>(mut tx: PostgresTx, output: W::Output) -> Attempt<W> {
    let Err(error) = tx.commit().await else { return Attempt::Finished(Ok(output)) };
    let kind = error_kind(&error, tx.access());
    let error = Arc::new(error);
    match kind {
        SqlErrorKind::Conflict => Attempt::Retry(StorageError::Busy),
        SqlErrorKind::Failed if !is_unknown(&error) => {
            Attempt::Finished(Err(storage_error(&error, kind).into()))
        }
        // The commit may have succeeded, so a retry could apply the unit twice.
        SqlErrorKind::Failed | SqlErrorKind::Unavailable => {
            Attempt::Finished(Err(storage_error(&error, SqlErrorKind::Unavailable).into()))
        }
    }
}

async fn roll_back<W: UnitOfWork<PostgresTx>>(mut tx: PostgresTx, failure: &Arc<Error>) -> Attempt<W> {
    let connection_lost = tx.roll_back().await.is_err();
    match error_kind(failure, tx.access()) {
        SqlErrorKind::Conflict => Attempt::Retry(StorageError::Busy),
        // A lost connection matters more than the kind of the error.
        SqlErrorKind::Failed | SqlErrorKind::Unavailable if connection_lost => {
            Attempt::Retry(storage_error(failure, SqlErrorKind::Unavailable))
        }
        kind => Attempt::Finished(Err(storage_error(failure, kind).into())),
    }
}

fn is_unknown(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(diesel::result::DatabaseErrorKind::Unknown, _))
}

/// A random pause of at most 10, 20, 40 … milliseconds, so that conflicting units do not retry at the same time.
fn jitter(retries: u32) -> Duration {
    let bound = 10_000_u64 << retries.min(10);
    let chance = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), retries);
    Duration::from_micros(chance % bound)
}

impl Storage for PostgresStorage {
    type Tx = PostgresTx;

    fn write<W: UnitOfWork<PostgresTx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send {
        measured(Access::Write, self.run(work, Access::Write))
    }

    fn read<W: UnitOfWork<PostgresTx>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<W::Output, W::Error>> + Send {
        measured(Access::Read, self.run(work, Access::Read))
    }

    async fn check(&self) -> Result<(), StorageError> {
        require_none_pending(self.pending_migrations().await?)
    }
}
