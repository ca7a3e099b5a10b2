use std::sync::Arc;

use asteroid_kernel::StorageError;
use diesel::QueryResult;
use diesel::result::Error;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};

use super::Conn;
use super::error::{kind, storage_error};
use crate::access::Access;

/// What a unit of work works on: every repository, within one transaction on a connection to `PostgreSQL`.
pub struct PostgresTx {
    conn: Object<AsyncPgConnection>,
    access: Access,
    /// Why a statement failed, if one did.
    failure: Option<Arc<Error>>,
}

impl PostgresTx {
    pub(super) fn new(conn: Object<AsyncPgConnection>, access: Access) -> Self {
        Self { conn, access, failure: None }
    }

    pub(super) fn access(&self) -> Access {
        self.access
    }

    /// The connection, for the next statement. After a failure there is none: the server takes nothing more in this
    /// transaction.
    pub(super) fn conn(&mut self) -> Result<&mut Conn, StorageError> {
        match &self.failure {
            None => Ok(&mut self.conn),
            Some(failure) => Err(storage_error(failure, kind(failure, self.access))),
        }
    }

    /// Notes that a statement failed.
    pub(super) fn failed(&mut self, error: Error) -> StorageError {
        let failure = self.failure.insert(Arc::new(error));
        storage_error(failure, kind(failure, self.access))
    }

    /// Why a statement failed, if one did.
    pub(super) fn failure(&self) -> Option<&Arc<Error>> {
        self.failure.as_ref()
    }

    /// Begins the transaction. `limit_ms` is how long the server works on one statement at most.
    pub(super) async fn begin(&mut self, limit_ms: u128) -> QueryResult<()> {
        // A read sees one state from its first statement to its last. A write sees what others have committed, waits
        // for rows that others write, and then looks at them again: the repositories are written for that.
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
