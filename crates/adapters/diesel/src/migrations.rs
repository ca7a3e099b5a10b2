//! What every backend has to say of its migrations.

use asteroid_kernel::{BoxError, StorageError};
use diesel::backend::Backend;
use diesel::connection::BoxableConnection;
use diesel::migration::{self, Migration, MigrationMetadata, MigrationName, MigrationSource};
use diesel_migrations::EmbeddedMigrations;

/// The version of the step whose SQL is followed by [`Steps::renew_contact_keys`].
const CONTACT_KEYS: &str = "0014";

type Step<DB> = fn(&mut dyn BoxableConnection<DB>) -> migration::Result<()>;

/// The steps of a backend: those in SQL, one of them followed by a step in Rust.
pub(crate) struct Steps<DB: Backend> {
    pub(crate) sql: EmbeddedMigrations,
    pub(crate) renew_contact_keys: Step<DB>,
}

impl<DB: Backend + 'static> MigrationSource<DB> for Steps<DB> {
    fn migrations(&self) -> migration::Result<Vec<Box<dyn Migration<DB>>>> {
        let steps = MigrationSource::<DB>::migrations(&self.sql)?.into_iter();
        let then = self.renew_contact_keys;
        let followed = steps.map(|sql| {
            let is_followed = sql.name().version().to_string() == CONTACT_KEYS;
            if is_followed { Box::new(Followed { sql, then }) } else { sql }
        });
        Ok(followed.collect())
    }
}

/// A step in SQL and one in Rust, in one transaction.
struct Followed<DB: Backend> {
    sql: Box<dyn Migration<DB>>,
    then: Step<DB>,
}

impl<DB: Backend> Migration<DB> for Followed<DB> {
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

/// The connection that runs the migrations is of another type than the step was written for.
#[derive(Debug, thiserror::Error)]
#[error("migrations run on a connection of another type")]
pub(crate) struct OtherConnection;

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
