//! Migrations in `SQLite`.

use std::path::{Path, PathBuf};
use std::thread;

use asteroid_kernel::{BoxError, StorageError, UnitOfWork};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{MigrationHarness, embed_migrations};
use tokio::sync::oneshot;

use super::options::{OpenError, connect};
use super::transaction::SqliteTx;
use super::{contact_keys, search_keys};
use crate::access::Access;
use crate::migrations::{
    __diesel_schema_migrations, BackendMigrations, MigrationState, UnexpectedConnection,
};

/// The migrations of this version.
pub(super) const MIGRATIONS: BackendMigrations<Sqlite> = BackendMigrations {
    sql: embed_migrations!("../../../migrations/sqlite"),
    rust_steps: [
        ("0014", |conn| Ok(contact_keys::renew(conn.downcast_mut().ok_or(UnexpectedConnection)?)?)),
        ("0023", |conn| Ok(search_keys::fill(conn.downcast_mut().ok_or(UnexpectedConnection)?)?)),
    ],
};

/// The connection type of migrations.
pub(super) type MigrationConn = SqliteConnection;

/// Why a migration failed. The database is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A migration failed.
    #[error("the database could not be migrated")]
    Failed(#[source] BoxError),
}

/// Runs the pending migrations on a connection and a thread of their own, and returns their names.
pub(super) async fn run(path: PathBuf) -> Result<Vec<String>, MigrateError> {
    let (reply, answer) = oneshot::channel();
    let migrate = move || {
        // The caller may have been cancelled.
        let _ = reply.send(run_pending(&path));
    };
    let thread = thread::Builder::new().name("sqlite-migrations".to_owned());
    thread.spawn(migrate).map_err(OpenError::Thread)?;
    answer.await.map_err(|error| MigrateError::Failed(error.into()))?
}

/// Runs the pending migrations in one transaction and returns their names.
pub(super) fn run_pending(path: &Path) -> Result<Vec<String>, MigrateError> {
    let mut conn = connect(path, Access::Write)?;
    // The write lock is taken first: if several processes start concurrently, one migrates while the others wait.
    let migrated = conn.immediate_transaction(|conn| {
        let mut names = Vec::new();
        for migration in conn.pending_migrations(MIGRATIONS)? {
            conn.run_migration(&migration)?;
            names.push(migration.name().to_string());
        }
        Ok(names)
    });
    migrated.map_err(MigrateError::Failed)
}

/// Returns the names of the pending migrations, without writing.
pub(super) struct FindPendingMigrations;

impl UnitOfWork<SqliteTx> for FindPendingMigrations {
    type Output = Vec<String>;
    type Error = StorageError;

    async fn run(&self, tx: &mut SqliteTx) -> Result<Vec<String>, StorageError> {
        let applied = tx.direct(applied_versions).map_err(|error| tx.failed(error))?;
        Ok(migration_state(&applied).map_err(StorageError::Failed)?.pending)
    }
}

/// Compares the applied versions with the migrations of this version.
pub(super) fn migration_state(applied: &[String]) -> Result<MigrationState, BoxError> {
    MigrationState::new(&MIGRATIONS, applied)
}

/// The versions of the applied migrations.
pub(super) fn applied_versions(conn: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    // The query of diesel itself would create the table.
    let table = sqlite_master::table.filter(sqlite_master::name.eq("__diesel_schema_migrations"));
    if table.count().get_result::<i64>(conn)? == 0 {
        return Ok(Vec::new());
    }
    __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(conn)
}

diesel::table! {
    sqlite_master (name) {
        name -> Text,
    }
}
