//! The transaction of a unit of work in `SQLite`.

use std::sync::Arc;

use asteroid_kernel::StorageError;
use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::{QueryResult, SqliteConnection};
use futures_util::FutureExt;

use super::Conn;
use super::error::{TransactionError, storage_error};
use crate::access::Access;

/// The transaction of a unit of work on the connection of a thread. It implements every repository.
pub struct SqliteTx {
    conn: Conn,
    access: Access,
    /// The error of the statement of the current unit that failed, if one did.
    failure: Option<Arc<Error>>,
    /// Whether personal data were deleted.
    erases: bool,
}

impl SqliteTx {
    pub(super) fn new(conn: SqliteConnection, access: Access) -> Self {
        Self { conn: Conn::new(conn), access, failure: None, erases: false }
    }

    /// The connection for the next statement.
    ///
    /// After a failure it returns that error: `SQLite` may have rolled back the whole transaction (on a full disk), and
    /// the next statement would be committed on its own.
    pub(super) fn conn(&mut self) -> Result<&mut Conn, StorageError> {
        match &self.failure {
            None => Ok(&mut self.conn),
            Some(failure) => Err(storage_error(failure, self.access)),
        }
    }

    /// Notes that personal data were deleted: the write-ahead log has to be emptied, because it still holds them.
    pub(super) fn note_erasure(&mut self) {
        self.erases = true;
    }

    /// Whether personal data were deleted since this was asked last.
    pub(super) fn take_erasure(&mut self) -> bool {
        std::mem::take(&mut self.erases)
    }

    /// Records the error of a statement.
    pub(super) fn failed(&mut self, error: Error) -> StorageError {
        let failure = self.failure.insert(Arc::new(error));
        storage_error(failure, self.access)
    }

    /// Takes the error of the statement that failed, if one did, so that the next unit starts without.
    pub(super) fn take_failure(&mut self) -> Option<Arc<Error>> {
        self.failure.take()
    }

    /// The error of the port for an error of `SQLite`.
    pub(super) fn storage_error(&self, error: &Arc<Error>) -> StorageError {
        storage_error(error, self.access)
    }

    /// The error of the port for a failed transaction.
    pub(super) fn transaction_error(&self, error: &TransactionError) -> StorageError {
        error.to_storage_error(self.access)
    }

    /// Runs a function on the synchronous connection.
    pub(super) fn direct<R: Send + 'static>(
        &mut self,
        run: impl FnOnce(&mut SqliteConnection) -> QueryResult<R> + Send + 'static,
    ) -> QueryResult<R> {
        self.conn.spawn_blocking(run).now_or_never().expect("Inline runs it immediately")
    }

    /// Runs a statement that begins or ends a transaction or savepoint.
    pub(super) fn control(&mut self, statement: &'static str) -> Result<(), Arc<Error>> {
        self.direct(move |conn| conn.batch_execute(statement)).map_err(Arc::new)
    }
}
