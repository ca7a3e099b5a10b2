//! The store, opened as the settings say, and ready for use.

use std::sync::Arc;

use asteroid_application::{Practices, PublishTermsError};
use asteroid_diesel::SqliteStorage;
use asteroid_diesel::sqlite::{MigrateError, OpenError};
use asteroid_kernel::{Clock, Randomness, StorageError};
use asteroid_terms::InvalidTerms;

use crate::config::Settings;
use crate::terms;

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error("the database cannot be read")]
    Storage(#[from] StorageError),
    #[error("the database lacks migrations ({}): run `asteroid migrate`, or set database.migrate_at_start", .0.join(", "))]
    Lacking(Vec<String>),
    #[error("the first version of the terms cannot be published")]
    Terms(#[from] PublishTermsError),
    #[error(transparent)]
    InvalidTerms(#[from] InvalidTerms),
}

/// Opens the store, and runs the migrations that it lacks if the settings say so.
pub(crate) async fn open(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Result<Arc<SqliteStorage>, StoreError> {
    let storage = SqliteStorage::open(&settings.sqlite_options())?;
    if settings.database.migrate_at_start {
        let names = storage.migrate().await?;
        if !names.is_empty() {
            tracing::info!(migrations = names.join(", "), "migrated the database");
        }
    } else {
        let pending = storage.pending_migrations().await?;
        if !pending.is_empty() {
            return Err(StoreError::Lacking(pending));
        }
    }
    let storage = Arc::new(storage);
    publish_first_terms(&storage, clock, randomness).await?;
    Ok(storage)
}

/// Opens the store and runs the migrations that it lacks; gives their names.
pub(crate) async fn migrate(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Result<Vec<String>, StoreError> {
    let storage = Arc::new(SqliteStorage::open(&settings.sqlite_options())?);
    let names = storage.migrate().await?;
    publish_first_terms(&storage, clock, randomness).await?;
    Ok(names)
}

/// What practices ask for, on this store.
pub(crate) fn practices(
    storage: &Arc<SqliteStorage>,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Practices<SqliteStorage> {
    Practices::new(Arc::clone(storage), Arc::clone(clock), Arc::clone(randomness))
}

/// So that a fresh store has terms that can be accepted.
async fn publish_first_terms(
    storage: &Arc<SqliteStorage>,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Result<(), StoreError> {
    let practices = practices(storage, clock, randomness);
    Ok(practices.publish_first_terms(terms::first(clock.now())?).await?)
}
