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
use super::contact_keys;
use super::transaction::PostgresTx;
use crate::migrations::{__diesel_schema_migrations, Migrations, OtherConnection, Steps};

pub(super) const MIGRATIONS: Steps<Pg> = Steps {
    sql: embed_migrations!("../../../migrations/postgres"),
    renew_contact_keys: |conn| Ok(contact_keys::renew(conn.downcast_mut().ok_or(OtherConnection)?)?),
};

/// The connection that migrations run on.
pub(super) type MigrationConn = AsyncConnectionWrapper<AsyncPgConnection>;

/// Names the lock that a server holds while it migrates, among the database's advisory locks: "asteroid" in ASCII.
const LOCK: i64 = i64::from_be_bytes(*b"asteroid");

/// What is sorted, or searched by its beginning, in the order of its bytes.
const BY_BYTES: [(&str, &str); 10] = [
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
];

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

/// Runs what is pending, on a connection of its own; gives the names.
///
/// Of several servers that start at once, one migrates, and the others wait and find it done. The lock is the
/// connection's: it is free again when a server dies. Each migration is a transaction.
pub(super) async fn run(connector: &Connector) -> Result<Vec<String>, MigrateError> {
    let connected = connector.connect().await;
    let mut conn = connected.map_err(|error| MigrateError::Unreachable(error.into()))?;
    let failed = |error: diesel::result::Error| MigrateError::Failed(error.into());
    // However long the others take, and however long a table takes to be rewritten.
    conn.batch_execute("SET statement_timeout = 0").await.map_err(failed)?;
    lock(&mut conn).await.map_err(failed)?;
    // diesel's migrations block, and must not do that on a thread of the runtime.
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
    migrated.await.map_err(|broken| MigrateError::Failed(broken.into()))?.map_err(MigrateError::Failed)
}

async fn lock(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    match conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})")).await {
        // CockroachDB has no such lock: there, servers are not to migrate at the same time.
        Err(Error::DatabaseError(_, information))
            if information.message().starts_with("unknown function") =>
        {
            Ok(())
        }
        locked => locked,
    }
}

/// In a database that sorts as a language does, has what is to be sorted by its bytes sorted so. Databases whose own
/// order that is stay as they are, and with them `CockroachDB`, which takes no collation for a column but a language's.
fn sort_by_bytes(conn: &mut AsyncConnectionWrapper<AsyncPgConnection>) -> QueryResult<()> {
    // 'B' is before 'a' in ASCII, and in no language.
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
    // In one batch, which is a transaction: columns that are compared have the same collation at any time.
    SimpleConnection::batch_execute(conn, &statements.concat())
}

/// Finds the migrations that the database lacks, without writing.
pub(super) struct Pending;

impl UnitOfWork<PostgresTx> for Pending {
    type Output = Vec<String>;
    type Error = StorageError;

    async fn run(&self, tx: &mut PostgresTx) -> Result<Vec<String>, StorageError> {
        let applied = applied_versions(tx).await?;
        Ok(beside_ours(&applied).map_err(StorageError::Failed)?.lacking)
    }
}

/// The database's migrations, given the versions of those that were run.
pub(super) fn beside_ours(applied: &[String]) -> Result<Migrations, BoxError> {
    Migrations::new(&MIGRATIONS, applied)
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
