//! What every backend has to say of its migrations.

use asteroid_kernel::{BoxError, StorageError};
use diesel::backend::Backend;
use diesel::migration::MigrationSource;
use diesel_migrations::EmbeddedMigrations;

/// Migrations are still to be run.
#[derive(Debug, thiserror::Error)]
#[error("the database lacks migrations: {}", .0.join(", "))]
struct Lacking(Vec<String>);

/// The store is in order if it lacks no migration.
pub(crate) fn lacks_none(lacking: Vec<String>) -> Result<(), StorageError> {
    if lacking.is_empty() { Ok(()) } else { Err(StorageError::Failed(Box::new(Lacking(lacking)))) }
}

/// The migrations of a database, beside those of this version.
pub(crate) struct Migrations {
    /// The names of those that it lacks.
    pub(crate) lacking: Vec<String>,
    /// The versions of those that only it has.
    pub(crate) unknown: Vec<String>,
}

impl Migrations {
    /// `applied` are the versions of those that were run on it.
    pub(crate) fn new<DB: Backend>(known: &EmbeddedMigrations, applied: &[String]) -> Result<Self, BoxError> {
        let known = MigrationSource::<DB>::migrations(known)?;
        let known: Vec<(String, String)> = known
            .iter()
            .map(|migration| (migration.name().version().to_string(), migration.name().to_string()))
            .collect();
        let unknown = applied.iter().filter(|version| known.iter().all(|(known, _)| known != *version));
        let unknown = unknown.cloned().collect();
        let lacking = known.into_iter().filter(|(version, _)| !applied.contains(version));
        Ok(Self { lacking: lacking.map(|(_, name)| name).collect(), unknown })
    }
}

diesel::table! {
    /// Kept by `diesel_migrations`.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}
