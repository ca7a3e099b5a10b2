use std::sync::Arc;

use asteroid_kernel::StorageError;
use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::{QueryResult, SqliteConnection};
use futures_util::FutureExt;

use super::Conn;
use super::error::storage_error;
use crate::access::Access;

/// What a unit of work works on: every repository, within one transaction on a connection to `SQLite`.
pub struct SqliteTx {
    conn: Conn,
    access: Access,
    /// Why a statement of the present unit failed, if one did.
    failure: Option<Arc<Error>>,
}

impl SqliteTx {
    pub(super) fn new(conn: SqliteConnection, access: Access) -> Self {
        Self { conn: Conn::new(conn), access, failure: None }
    }

    /// The connection, for the next statement.
    ///
    /// After a failure there is none: `SQLite` may have rolled the whole transaction back (a full disk), and what
    /// came next would be committed by itself.
    pub(super) fn conn(&mut self) -> Result<&mut Conn, StorageError> {
        match &self.failure {
            None => Ok(&mut self.conn),
            Some(failure) => Err(storage_error(failure, self.access)),
        }
    }

    /// Notes that a statement failed.
    pub(super) fn failed(&mut self, error: Error) -> StorageError {
        let failure = self.failure.insert(Arc::new(error));
        storage_error(failure, self.access)
    }

    /// Why a statement of the present unit failed, if one did. The next unit starts without.
    pub(super) fn take_failure(&mut self) -> Option<Arc<Error>> {
        self.failure.take()
    }

    pub(super) fn storage_error(&self, error: &Arc<Error>) -> StorageError {
        storage_error(error, self.access)
    }

    /// Runs something on the connection itself.
    pub(super) fn direct<R: Send + 'static>(
        &mut self,
        run: impl FnOnce(&mut SqliteConnection) -> QueryResult<R> + Send + 'static,
    ) -> QueryResult<R> {
        self.conn.spawn_blocking(run).now_or_never().expect("Inline runs it at once")
    }

    /// Begins, ends or parts a transaction.
    pub(super) fn control(&mut self, statement: &'static str) -> Result<(), Arc<Error>> {
        self.direct(move |conn| conn.batch_execute(statement)).map_err(Arc::new)
    }
}
