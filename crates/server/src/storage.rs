//! The store, opened as the settings say, and ready for use.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use asteroid_application::{AllRepositories, Practices, PublishTermsError};
use asteroid_diesel::postgres::{self, ConnectError};
use asteroid_diesel::sqlite::{self, OpenError};
use asteroid_diesel::{PostgresStorage, SqliteStorage};
use asteroid_kernel::{Clock, Randomness, Storage, StorageError};
use asteroid_terms::InvalidTerms;

use crate::config::{DatabaseUrl, Settings};
use crate::terms;

/// How long a unit may take that nobody waits for.
const PATIENCE: Duration = Duration::from_mins(5);

/// Why a store cannot be used.
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
    #[error("the database cannot be read")]
    Storage(#[from] StorageError),
    #[error("the database lacks migrations ({}): run `asteroid migrate`, or set database.migrate_at_start", .0.join(", "))]
    Lacking(Vec<String>),
    #[error("the first version of the terms cannot be published")]
    Terms(#[from] PublishTermsError),
    #[error(transparent)]
    InvalidTerms(#[from] InvalidTerms),
}

/// A store that a server can run on: every repository, and its own layout.
pub(crate) trait ServerStorage: Storage<Tx: AllRepositories> {
    /// Runs the migrations that it lacks; gives their names.
    fn run_migrations(&self) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// The names of the migrations that it lacks.
    fn lacks_migrations(&self) -> impl Future<Output = Result<Vec<String>, StorageError>> + Send;

    /// The same store, for work that nobody waits for.
    fn patient(self: &Arc<Self>) -> Arc<Self>;
}

impl ServerStorage for SqliteStorage {
    async fn run_migrations(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.migrate().await?)
    }

    async fn lacks_migrations(&self) -> Result<Vec<String>, StorageError> {
        self.pending_migrations().await
    }

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

    fn patient(self: &Arc<Self>) -> Arc<Self> {
        Arc::new(self.with_unit_timeout(PATIENCE))
    }
}

/// The store that the settings name.
pub(crate) enum AnyStorage {
    Sqlite(Arc<SqliteStorage>),
    Postgres(Arc<PostgresStorage>),
}

/// Goes on with whichever store it is: `with_storage!(any, |storage| …)`, compiled once for each.
macro_rules! with_storage {
    ($any:expr, |$storage:ident| $go_on:expr) => {
        match $any {
            $crate::storage::AnyStorage::Sqlite($storage) => $go_on,
            $crate::storage::AnyStorage::Postgres($storage) => $go_on,
        }
    };
}
pub(crate) use with_storage;

/// Opens the store, and runs the migrations that it lacks if the settings say so.
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

/// Opens the store and runs the migrations that it lacks; gives their names.
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

async fn connect(settings: &Settings) -> Result<AnyStorage, StoreError> {
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

/// What practices ask for, on this store.
pub(crate) fn practices<S: ServerStorage>(
    storage: &Arc<S>,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Practices<S> {
    Practices::new(Arc::clone(storage), Arc::clone(clock), Arc::clone(randomness))
}

/// So that a fresh store has terms that can be accepted.
async fn publish_first_terms(
    storage: &Arc<impl ServerStorage>,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Result<(), StoreError> {
    let practices = practices(storage, clock, randomness);
    Ok(practices.publish_first_terms(terms::first(clock.now())?).await?)
}
