//! The transaction of a unit of work in `PostgreSQL`.

use std::sync::Arc;

use asteroid_kernel::StorageError;
use diesel::QueryResult;
use diesel::result::Error;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};

use super::Conn;
use super::error::{error_kind, storage_error};
use crate::access::Access;

/// The transaction of a unit of work on a connection of the pool. It implements every repository.
pub struct PostgresTx {
    conn: Object<AsyncPgConnection>,
    access: Access,
    /// The error of the statement that failed, if one did.
    failure: Option<Arc<Error>>,
}

impl PostgresTx {
    pub(super) fn new(conn: Object<AsyncPgConnection>, access: Access) -> Self {
        Self { conn, access, failure: None }
    }

    pub(super) fn access(&self) -> Access {
        self.access
    }

    /// The connection for the next statement. After a failure it returns that error, because the server rejects all
    /// further statements of the transaction.
    pub(super) fn conn(&mut self) -> Result<&mut Conn, StorageError> {
        match &self.failure {
            None => Ok(&mut self.conn),
            Some(failure) => Err(storage_error(failure, error_kind(failure, self.access))),
        }
    }

    /// Records the error of a statement.
    pub(super) fn failed(&mut self, error: Error) -> StorageError {
        let failure = self.failure.insert(Arc::new(error));
        storage_error(failure, error_kind(failure, self.access))
    }

    /// The error of the statement that failed, if one did.
    pub(super) fn failure(&self) -> Option<&Arc<Error>> {
        self.failure.as_ref()
    }

    /// Begins the transaction. `limit_ms` is the time limit of each statement in milliseconds.
    pub(super) async fn begin(&mut self, limit_ms: u128) -> QueryResult<()> {
        // A read unit sees one snapshot. A write unit sees committed rows of others, waits for rows that others
        // write, and then evaluates them again; the repositories rely on that.
        let mode = match self.access {
            Access::Read => "ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Access::Write => "ISOLATION LEVEL READ COMMITTED READ WRITE",
        };
        let begin = format!("BEGIN {mode}; SET LOCAL statement_timeout = {limit_ms}");
        AnsiTransactionManager::begin_transaction_sql(&mut *self.conn, &begin).await
    }

    pub(super) async fn commit(&mut self) -> QueryResult<()> {
        AnsiTransactionManager::commit_transaction(&mut *self.conn).await
    }

    pub(super) async fn roll_back(&mut self) -> QueryResult<()> {
        AnsiTransactionManager::rollback_transaction(&mut *self.conn).await
    }
}
