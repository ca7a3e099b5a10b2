//! Migrations in `PostgreSQL`.

use asteroid_kernel::{BoxError, StorageError, UnitOfWork};
use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::result::Error;
use diesel::sql_types::{Bool, Text};
use diesel::{QueryDsl, QueryResult, RunQueryDsl, dsl};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{MigrationHarness, embed_migrations};

use super::connect::Connector;
use super::transaction::PostgresTx;
use super::{contact_keys, search_keys};
use crate::migrations::{
    __diesel_schema_migrations, BackendMigrations, MigrationState, UnexpectedConnection,
};

/// The migrations of this version.
pub(super) const MIGRATIONS: BackendMigrations<Pg> = BackendMigrations {
    sql: embed_migrations!("../../../migrations/postgres"),
    rust_steps: [
        ("0014", |conn| Ok(contact_keys::renew(conn.downcast_mut().ok_or(UnexpectedConnection)?)?)),
        ("0023", |conn| Ok(search_keys::fill(conn.downcast_mut().ok_or(UnexpectedConnection)?)?)),
    ],
};

/// The connection type of migrations.
pub(super) type MigrationConn = AsyncConnectionWrapper<AsyncPgConnection>;

/// The key of the advisory lock that a server holds while it migrates: "asteroid" in ASCII.
const LOCK: i64 = i64::from_be_bytes(*b"asteroid");

/// The columns, as table and column, that are sorted or searched by prefix in byte order.
const BY_BYTES: [(&str, &str); 11] = [
    ("client_classes", "id"),
    ("clients", "client_class_id"),
    ("clients", "folded_email"),
    ("clients", "folded_last_name"),
    ("clients", "folded_name"),
    ("clients", "home_digits"),
    ("clients", "id"),
    ("clients", "mobile_digits"),
    ("clients", "work_digits"),
    ("memberships", "client_id"),
    ("user_search_keys", "search_key"),
];

/// Why a migration failed. Earlier migrations are kept.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database cannot be reached.
    #[error("the database cannot be reached")]
    Unreachable(#[source] BoxError),
    /// A migration failed.
    #[error("the database could not be migrated")]
    Failed(#[source] BoxError),
}

/// Runs the pending migrations on a connection of their own and returns their names. Each migration is a transaction.
///
/// If several servers start concurrently, one migrates while the others wait for the advisory lock. The lock belongs to
/// the connection, so it is released when the server dies.
pub(super) async fn run(connector: &Connector) -> Result<Vec<String>, MigrateError> {
    let connected = connector.connect().await;
    let mut conn = connected.map_err(|error| MigrateError::Unreachable(error.into()))?;
    let failed = |error: diesel::result::Error| MigrateError::Failed(error.into());
    // No time limit, to wait for the lock and to rewrite large tables.
    conn.batch_execute("SET statement_timeout = 0").await.map_err(failed)?;
    lock(&mut conn).await.map_err(failed)?;
    // Migrations of diesel block, so they run on a blocking thread.
    let migrated = tokio::task::spawn_blocking(move || {
        let mut conn = AsyncConnectionWrapper::<AsyncPgConnection>::from(conn);
        let mut names = Vec::new();
        for migration in conn.pending_migrations(MIGRATIONS)? {
            conn.run_migration(&migration)?;
            names.push(migration.name().to_string());
        }
        sort_by_bytes(&mut conn)?;
        Ok(names)
    });
    migrated.await.map_err(|error| MigrateError::Failed(error.into()))?.map_err(MigrateError::Failed)
}

async fn lock(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    match conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})")).await {
        // CockroachDB has no advisory locks: there, only one server may migrate at a time.
        Err(Error::DatabaseError(_, information))
            if information.message().starts_with("unknown function") =>
        {
            Ok(())
        }
        locked => locked,
    }
}

/// Sets the collation `C` on the columns of [`BY_BYTES`] if the collation of the database is not in byte order.
/// `CockroachDB` sorts in byte order and does not support this collation for columns.
fn sort_by_bytes(conn: &mut AsyncConnectionWrapper<AsyncPgConnection>) -> QueryResult<()> {
    // In byte order 'B' sorts before 'a', in every language after it.
    let by_language = dsl::sql::<Bool>("SELECT 'a'::TEXT < 'B'::TEXT").get_result::<bool>(conn)?;
    if !by_language {
        return Ok(());
    }
    let columns = dsl::sql::<(Text, Text)>(
        "SELECT table_name::TEXT, column_name::TEXT FROM information_schema.columns \
         WHERE table_schema = current_schema() AND collation_name IS NULL AND data_type = 'text'",
    );
    let others: Vec<(String, String)> = columns.load(conn)?;
    let others = others.iter().map(|(table, column)| (table.as_str(), column.as_str()));
    let statements: Vec<String> = others
        .filter(|column| BY_BYTES.contains(column))
        .map(|(table, column)| format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE TEXT COLLATE \"C\";"))
        .collect();
    // One batch is one transaction, so columns that are compared always have the same collation.
    SimpleConnection::batch_execute(conn, &statements.concat())
}

/// Returns the names of the pending migrations, without writing.
pub(super) struct FindPendingMigrations;

impl UnitOfWork<PostgresTx> for FindPendingMigrations {
    type Output = Vec<String>;
    type Error = StorageError;

    async fn run(&self, tx: &mut PostgresTx) -> Result<Vec<String>, StorageError> {
        let applied = applied_versions(tx).await?;
        Ok(migration_state(&applied).map_err(StorageError::Failed)?.pending)
    }
}

/// Compares the applied versions with the migrations of this version.
pub(super) fn migration_state(applied: &[String]) -> Result<MigrationState, BoxError> {
    MigrationState::new(&MIGRATIONS, applied)
}

/// The versions of the applied migrations.
async fn applied_versions(tx: &mut PostgresTx) -> Result<Vec<String>, StorageError> {
    // The query of diesel itself would create the table.
    let exists = dsl::sql::<Bool>("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL");
    if tx.one::<bool, _>(exists).await? {
        tx.all(__diesel_schema_migrations::table.select(__diesel_schema_migrations::version)).await
    } else {
        Ok(Vec::new())
    }
}
