//! Migrations of both backends: SQL steps, a step in Rust, and the state of a database.

use asteroid_kernel::{BoxError, StorageError};
use diesel::backend::Backend;
use diesel::connection::BoxableConnection;
use diesel::migration::{self, Migration, MigrationMetadata, MigrationName, MigrationSource};
use diesel_migrations::EmbeddedMigrations;

/// A migration step in Rust.
pub(crate) type RustStep<DB> = fn(&mut dyn BoxableConnection<DB>) -> migration::Result<()>;

/// The migrations of a backend: SQL steps, some of them followed by a step in Rust.
pub(crate) struct BackendMigrations<DB: Backend> {
    pub(crate) sql: EmbeddedMigrations,
    /// The steps in Rust, each with the version of the SQL step that it follows.
    pub(crate) rust_steps: [(&'static str, RustStep<DB>); 2],
}

impl<DB: Backend + 'static> MigrationSource<DB> for BackendMigrations<DB> {
    fn migrations(&self) -> migration::Result<Vec<Box<dyn Migration<DB>>>> {
        let steps = MigrationSource::<DB>::migrations(&self.sql)?.into_iter();
        let migrations = steps.map(|sql| -> Box<dyn Migration<DB>> {
            let version = sql.name().version().to_string();
            match self.rust_steps.iter().find(|(after, _)| *after == version) {
                Some((_, then)) => Box::new(SqlThenRust { sql, then: *then }),
                None => sql,
            }
        });
        Ok(migrations.collect())
    }
}

/// An SQL step followed by a step in Rust, in one transaction.
struct SqlThenRust<DB: Backend> {
    sql: Box<dyn Migration<DB>>,
    then: RustStep<DB>,
}

impl<DB: Backend> Migration<DB> for SqlThenRust<DB> {
    fn run(&self, conn: &mut dyn BoxableConnection<DB>) -> migration::Result<()> {
        self.sql.run(conn)?;
        (self.then)(conn)
    }

    fn revert(&self, conn: &mut dyn BoxableConnection<DB>) -> migration::Result<()> {
        self.sql.revert(conn)
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        self.sql.metadata()
    }

    fn name(&self) -> &dyn MigrationName {
        self.sql.name()
    }
}

/// The connection does not have the type that the step in Rust requires.
#[derive(Debug, thiserror::Error)]
#[error("the migration runs on a connection of an unexpected type")]
pub(crate) struct UnexpectedConnection;

/// The database has pending migrations.
#[derive(Debug, thiserror::Error)]
#[error("the database lacks migrations: {}", .0.join(", "))]
struct PendingMigrations(Vec<String>);

/// Fails with [`StorageError::Failed`] if a migration is pending.
pub(crate) fn require_none_pending(pending: Vec<String>) -> Result<(), StorageError> {
    if pending.is_empty() { Ok(()) } else { Err(StorageError::Failed(Box::new(PendingMigrations(pending)))) }
}

/// The migrations of a database compared with those of this version.
pub(crate) struct MigrationState {
    /// The names of the migrations that the database lacks.
    pub(crate) pending: Vec<String>,
    /// The versions of migrations that this version does not know.
    pub(crate) unknown: Vec<String>,
}

impl MigrationState {
    /// Compares the two. `applied` are the versions of the migrations that were run on the database.
    pub(crate) fn new<DB: Backend>(
        known: &impl MigrationSource<DB>,
        applied: &[String],
    ) -> Result<Self, BoxError> {
        let known = known.migrations()?;
        let known: Vec<(String, String)> = known
            .iter()
            .map(|migration| (migration.name().version().to_string(), migration.name().to_string()))
            .collect();
        let unknown = applied.iter().filter(|version| known.iter().all(|(known, _)| known != *version));
        let unknown = unknown.cloned().collect();
        let pending = known.into_iter().filter(|(version, _)| !applied.contains(version));
        Ok(Self { pending: pending.map(|(_, name)| name).collect(), unknown })
    }
}

diesel::table! {
    /// The applied migrations, maintained by `diesel_migrations`.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}
