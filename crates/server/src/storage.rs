//! The storage that the settings name, opened and migrated.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use asteroid_application::{AllRepositories, Practices, PublishTermsError};
use asteroid_diesel::postgres::{self, ConnectError};
use asteroid_diesel::sqlite::{self, OpenError};
use asteroid_diesel::{PostgresStorage, SqliteStorage};
use asteroid_kernel::{Clock, Randomness, Storage, StorageError};
use asteroid_terms::InvalidTerms;

use crate::cli::ErrorCode;
use crate::config::{Configuration, DatabaseUrl, Settings};
use crate::terms;

/// The timeout of units of work that no request waits for.
const PATIENCE: Duration = Duration::from_mins(5);

/// Why the storage cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(transparent)]
    OpenSqlite(#[from] OpenError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    MigrateSqlite(#[from] sqlite::MigrateError),
    #[error(transparent)]
    MigratePostgres(#[from] postgres::MigrateError),
    #[error(
        "there is no database file {} (database.url, {origin}): run this command in the folder of the server, name its \
         configuration with --config FILE, or set DATABASE_URL. `asteroid migrate` creates a new database",
        path.display()
    )]
    NoFile { path: PathBuf, origin: String },
    #[error("the database cannot be read")]
    Storage(#[from] StorageError),
    #[error("the database has pending migrations ({}): run `asteroid migrate`, or set database.migrate_at_start", .0.join(", "))]
    Lacking(Vec<String>),
    #[error("the first version of the terms cannot be published")]
    Terms(#[from] PublishTermsError),
    #[error(transparent)]
    InvalidTerms(#[from] InvalidTerms),
}

impl ErrorCode for StoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoFile { .. } => "database_missing",
            Self::OpenSqlite(_) | Self::Connect(_) => "database_unavailable",
            Self::MigrateSqlite(_) | Self::MigratePostgres(_) => "migration_failed",
            Self::Lacking(_) => "pending_migrations",
            Self::Storage(error) => error.code(),
            Self::Terms(error) => error.code(),
            Self::InvalidTerms(error) => error.code(),
        }
    }
}

/// A storage that a server can run on: every repository, and migrations.
pub(crate) trait ServerStorage: Storage<Tx: AllRepositories> {
    /// Runs the pending migrations and returns their names.
    fn run_migrations(&self) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// The names of the pending migrations.
    fn lacks_migrations(&self) -> impl Future<Output = Result<Vec<String>, StorageError>> + Send;

    /// Reports the state of its connections to the recorder of metrics.
    fn report_pool(&self);

    /// The same storage with a long timeout, for work that no request waits for.
    fn patient(self: &Arc<Self>) -> Arc<Self>;
}

impl ServerStorage for SqliteStorage {
    async fn run_migrations(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.migrate().await?)
    }

    async fn lacks_migrations(&self) -> Result<Vec<String>, StorageError> {
        self.pending_migrations().await
    }

    /// Its connections are fixed.
    fn report_pool(&self) {}

    fn patient(self: &Arc<Self>) -> Arc<Self> {
        Arc::clone(self)
    }
}

impl ServerStorage for PostgresStorage {
    async fn run_migrations(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.migrate().await?)
    }

    async fn lacks_migrations(&self) -> Result<Vec<String>, StorageError> {
        self.pending_migrations().await
    }

    fn report_pool(&self) {
        Self::report_pool(self);
    }

    fn patient(self: &Arc<Self>) -> Arc<Self> {
        Arc::new(self.with_unit_timeout(PATIENCE))
    }
}

/// The storage that the settings name.
pub(crate) enum AnyStorage {
    Sqlite(Arc<SqliteStorage>),
    Postgres(Arc<PostgresStorage>),
}

/// Runs code with the concrete storage: `with_storage!(any, |storage| …)`, compiled once for each.
macro_rules! with_storage {
    ($any:expr, |$storage:ident| $go_on:expr) => {
        match $any {
            $crate::storage::AnyStorage::Sqlite($storage) => $go_on,
            $crate::storage::AnyStorage::Postgres($storage) => $go_on,
        }
    };
}
pub(crate) use with_storage;

/// Opens the storage, and runs pending migrations if the settings allow it.
pub(crate) async fn open(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Result<AnyStorage, StoreError> {
    let any = connect(settings).await?;
    with_storage!(&any, |storage| make_ready(&**storage, settings).await?);
    with_storage!(&any, |storage| publish_first_terms(storage, clock, randomness).await?);
    Ok(any)
}

/// Like [`open`], for a command that has nothing to do without a store: creates no SQLite file.
pub(crate) async fn open_existing(
    configuration: &Configuration,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Result<AnyStorage, StoreError> {
    if let Some(path) = configuration.settings.database.url.missing_file() {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        return Err(StoreError::NoFile { path, origin: configuration.origin("database.url").to_owned() });
    }
    open(&configuration.settings, clock, randomness).await
}

/// Opens the storage, runs the pending migrations and returns their names.
pub(crate) async fn migrate(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Result<Vec<String>, StoreError> {
    let any = connect(settings).await?;
    let names = with_storage!(&any, |storage| storage.run_migrations().await?);
    with_storage!(&any, |storage| publish_first_terms(storage, clock, randomness).await?);
    Ok(names)
}

/// Opens the storage, and creates it if it is a file that does not exist. Migrates nothing.
pub(crate) async fn connect(settings: &Settings) -> Result<AnyStorage, StoreError> {
    Ok(match &settings.database.url {
        DatabaseUrl::Sqlite(path) => {
            AnyStorage::Sqlite(Arc::new(SqliteStorage::open(&settings.sqlite_options(path))?))
        }
        DatabaseUrl::Postgres(url) => {
            AnyStorage::Postgres(Arc::new(PostgresStorage::open(&settings.postgres_options(url)).await?))
        }
    })
}

async fn make_ready(storage: &impl ServerStorage, settings: &Settings) -> Result<(), StoreError> {
    if settings.database.migrate_at_start {
        let names = storage.run_migrations().await?;
        if !names.is_empty() {
            tracing::info!(migrations = names.join(", "), "migrated the database");
        }
    } else {
        let lacking = storage.lacks_migrations().await?;
        if !lacking.is_empty() {
            return Err(StoreError::Lacking(lacking));
        }
    }
    Ok(())
}

/// The practice use cases on this storage.
pub(crate) fn practices<S: ServerStorage>(
    storage: &Arc<S>,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Practices<S> {
    Practices::new(Arc::clone(storage), Arc::clone(clock), Arc::clone(randomness))
}

/// Publishes the first terms in an empty storage.
async fn publish_first_terms(
    storage: &Arc<impl ServerStorage>,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Result<(), StoreError> {
    let practices = practices(storage, clock, randomness);
    Ok(practices.publish_first_terms(terms::first(clock.now())?).await?)
}
