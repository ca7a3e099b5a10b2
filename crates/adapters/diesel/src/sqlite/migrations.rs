use std::path::{Path, PathBuf};
use std::thread;

use asteroid_kernel::{BoxError, StorageError, UnitOfWork};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{MigrationHarness, embed_migrations};
use tokio::sync::oneshot;

use super::contact_keys;
use super::options::{OpenError, connect};
use super::transaction::SqliteTx;
use crate::access::Access;
use crate::migrations::{__diesel_schema_migrations, Migrations, OtherConnection, Steps};

pub(super) const MIGRATIONS: Steps<Sqlite> = Steps {
    sql: embed_migrations!("../../../migrations/sqlite"),
    renew_contact_keys: |conn| Ok(contact_keys::renew(conn.downcast_mut().ok_or(OtherConnection)?)?),
};

/// The connection that migrations run on.
pub(super) type MigrationConn = SqliteConnection;

/// Why a database could not be migrated. It is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A migration failed.
    #[error("the database could not be migrated")]
    Failed(#[source] BoxError),
}

/// Runs what is pending, on a connection and a thread of its own; gives the names.
pub(super) async fn run(path: PathBuf) -> Result<Vec<String>, MigrateError> {
    let (reply, answer) = oneshot::channel();
    let migrate = move || {
        // A caller is free to go away.
        let _ = reply.send(run_pending(&path));
    };
    let thread = thread::Builder::new().name("sqlite-migrations".to_owned());
    thread.spawn(migrate).map_err(OpenError::Thread)?;
    answer.await.map_err(|gone| MigrateError::Failed(gone.into()))?
}

/// Runs what is pending; gives the names.
pub(super) fn run_pending(path: &Path) -> Result<Vec<String>, MigrateError> {
    let mut conn = connect(path, Access::Write)?;
    // The write lock comes first: of several processes that start at once, one migrates, and the others find it done.
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

/// Finds the migrations that the database lacks, without writing.
pub(super) struct Pending;

impl UnitOfWork<SqliteTx> for Pending {
    type Output = Vec<String>;
    type Error = StorageError;

    async fn run(&self, tx: &mut SqliteTx) -> Result<Vec<String>, StorageError> {
        let applied = tx.direct(applied_versions).map_err(|error| tx.failed(error))?;
        Ok(beside_ours(&applied).map_err(StorageError::Failed)?.lacking)
    }
}

/// The database's migrations, given the versions of those that were run.
pub(super) fn beside_ours(applied: &[String]) -> Result<Migrations, BoxError> {
    Migrations::new(&MIGRATIONS, applied)
}

/// The versions of the migrations that were run.
pub(super) fn applied_versions(conn: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    // diesel's own way to ask makes the table.
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
