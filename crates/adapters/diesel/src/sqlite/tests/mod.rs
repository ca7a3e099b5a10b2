//! Tests of the `SQLite` store beyond the conformance suite.

mod files;
mod identity;
mod migrations;
mod plans;
mod practices;
mod reading;
mod write_health;
mod writing;

use asteroid_kernel::{Storage, StorageError, UnitOfWork};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tempfile::TempDir;

use super::{SqliteOptions, SqliteStorage, SqliteTx};

/// A store in a temporary folder with two tables for tests, one of which references the other.
struct TestStorage {
    storage: SqliteStorage,
    folder: TempDir,
}

impl std::ops::Deref for TestStorage {
    type Target = SqliteStorage;

    fn deref(&self) -> &SqliteStorage {
        &self.storage
    }
}

fn options(folder: &TempDir) -> SqliteOptions {
    SqliteOptions::new(folder.path().join("test.db"))
}

/// A connection for migrations to an empty database, and a guard.
#[expect(clippy::unnecessary_wraps, reason = "the other backend may have no server")]
pub(super) fn empty_database() -> Option<(SqliteConnection, ())> {
    let conn = SqliteConnection::establish(":memory:").expect("a database in memory");
    Some((conn, ()))
}

async fn test_storage_with(change: impl FnOnce(&mut SqliteOptions)) -> TestStorage {
    let folder = TempDir::new().expect("a temporary folder");
    let mut options = options(&folder);
    change(&mut options);
    let storage = SqliteStorage::open(&options).expect("a new database");
    let tables = "CREATE TABLE numbers (number INTEGER PRIMARY KEY, filler BLOB);
        CREATE TABLE number_references (number INTEGER REFERENCES numbers DEFERRABLE INITIALLY DEFERRED);";
    storage.write(RunSql(tables)).await.expect("new tables");
    TestStorage { storage, folder }
}

async fn test_storage() -> TestStorage {
    test_storage_with(|_| {}).await
}

diesel::table! {
    numbers (number) {
        number -> BigInt,
    }
}

/// The numbers in the table.
async fn numbers(storage: &SqliteStorage) -> Vec<i64> {
    storage.read(unit(all_numbers)).await.expect("the numbers")
}

fn all_numbers(tx: &mut SqliteTx) -> Result<Vec<i64>, StorageError> {
    tx.run(|conn| numbers::table.select(numbers::number).order(numbers::number).load(conn))
}

impl SqliteTx {
    /// Runs statements as a repository does.
    fn run<R: Send + 'static>(
        &mut self,
        run: impl FnOnce(&mut SqliteConnection) -> QueryResult<R> + Send + 'static,
    ) -> Result<R, StorageError> {
        self.conn()?;
        self.direct(run).map_err(|error| self.failed(error))
    }

    fn sql(&mut self, sql: &'static str) -> Result<(), StorageError> {
        self.run(move |conn| conn.batch_execute(sql))
    }
}

/// A unit of work that runs a function.
fn unit<F, T>(run: F) -> FnUnit<F>
where
    F: Fn(&mut SqliteTx) -> Result<T, StorageError>,
{
    FnUnit(run)
}

/// A unit of work that runs a function.
struct FnUnit<F>(F);

impl<F, T> UnitOfWork<SqliteTx> for FnUnit<F>
where
    F: Fn(&mut SqliteTx) -> Result<T, StorageError> + Send + Sync + 'static,
    T: Send + 'static,
{
    type Output = T;
    type Error = StorageError;

    async fn run(&self, tx: &mut SqliteTx) -> Result<T, StorageError> {
        self.0(tx)
    }
}

/// A unit of work that runs statements.
struct RunSql(&'static str);

impl UnitOfWork<SqliteTx> for RunSql {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut SqliteTx) -> Result<(), StorageError> {
        tx.sql(self.0)
    }
}

fn intended_error() -> StorageError {
    StorageError::Failed("intended".into())
}

/// The message of the source of an error.
fn cause(error: &StorageError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}
