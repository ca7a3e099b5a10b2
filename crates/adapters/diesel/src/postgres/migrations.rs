use asteroid_kernel::{BoxError, StorageError, Work};
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::sql_types::Bool;
use diesel::{QueryDsl, dsl};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connect::Connector;
use super::transaction::PostgresTx;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../../migrations/postgres");

/// Names the lock that a server holds while it migrates, among the database's advisory locks: "asteroid" in ASCII.
const LOCK: i64 = i64::from_be_bytes(*b"asteroid");

/// Why a database could not be migrated. Migrations that were run before the one that failed stay.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// It cannot be reached.
    #[error("the database cannot be reached")]
    Unreachable(#[source] BoxError),
    /// A migration failed.
    #[error("the database could not be migrated")]
    Failed(#[source] BoxError),
}

/// Migrations are still to be run.
#[derive(Debug, thiserror::Error)]
#[error("the database lacks migrations: {}", .0.join(", "))]
pub(super) struct Lacking(pub(super) Vec<String>);

/// Runs what is pending, on a connection of its own; gives the names.
///
/// Of several servers that start at once, one migrates, and the others wait and find it done. The lock is the
/// connection's: it is free again when a server dies. Each migration is a transaction.
pub(super) async fn run(connector: &Connector) -> Result<Vec<String>, MigrateError> {
    let connected = connector.connect().await;
    let mut conn = connected.map_err(|error| MigrateError::Unreachable(error.into()))?;
    // However long the others take, and however long a table takes to be rewritten.
    let prepare = format!("SET statement_timeout = 0; SELECT pg_advisory_lock({LOCK})");
    conn.batch_execute(&prepare).await.map_err(|error| MigrateError::Failed(error.into()))?;
    // diesel's migrations block, and must not do that on a thread of the runtime.
    let migrated = tokio::task::spawn_blocking(move || {
        let mut conn = AsyncConnectionWrapper::<AsyncPgConnection>::from(conn);
        let mut names = Vec::new();
        for migration in conn.pending_migrations(MIGRATIONS)? {
            conn.run_migration(&migration)?;
            names.push(migration.name().to_string());
        }
        Ok(names)
    });
    migrated.await.map_err(|broken| MigrateError::Failed(broken.into()))?.map_err(MigrateError::Failed)
}

/// Finds the migrations that the database lacks, without writing.
pub(super) struct Pending;

impl Work<PostgresTx> for Pending {
    type Done = Vec<String>;
    type Refused = StorageError;

    async fn run(&self, tx: &mut PostgresTx) -> Result<Vec<String>, StorageError> {
        let applied = applied_versions(tx).await?;
        let known = known().map_err(StorageError::Failed)?;
        let pending = known.into_iter().filter(|(version, _)| !applied.contains(version));
        Ok(pending.map(|(_, name)| name).collect())
    }
}

/// The versions and the names of the migrations that there are.
pub(super) fn known() -> Result<Vec<(String, String)>, BoxError> {
    let migrations = MigrationSource::<Pg>::migrations(&MIGRATIONS)?;
    let names = migrations.iter().map(|migration| migration.name());
    Ok(names.map(|name| (name.version().to_string(), name.to_string())).collect())
}

async fn applied_versions(tx: &mut PostgresTx) -> Result<Vec<String>, StorageError> {
    // diesel's own way to ask makes the table.
    let is_there = dsl::sql::<Bool>("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL");
    if tx.one::<bool, _>(is_there).await? {
        tx.all(__diesel_schema_migrations::table.select(__diesel_schema_migrations::version)).await
    } else {
        Ok(Vec::new())
    }
}

diesel::table! {
    /// Kept by `diesel_migrations`.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}
