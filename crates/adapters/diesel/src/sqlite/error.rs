//! Maps errors of `SQLite` to errors of the port.

use std::sync::Arc;

use asteroid_kernel::StorageError;
use diesel::result::Error;

use super::identity::FileChanged;
use crate::access::Access;

/// Why a transaction failed. It may end several units of work, and each gets a copy.
#[derive(Clone, Debug)]
pub(super) enum TransactionError {
    /// A statement failed.
    Sql(Arc<Error>),
    /// What is written now would not be found by the next start.
    FileChanged(FileChanged),
}

impl TransactionError {
    /// The error of the port.
    pub(super) fn to_storage_error(&self, access: Access) -> StorageError {
        match self {
            Self::Sql(error) => storage_error(error, access),
            Self::FileChanged(changed) => changed.clone().into(),
        }
    }
}

impl From<Arc<Error>> for TransactionError {
    fn from(error: Arc<Error>) -> Self {
        Self::Sql(error)
    }
}

impl From<FileChanged> for TransactionError {
    fn from(changed: FileChanged) -> Self {
        Self::FileChanged(changed)
    }
}

impl From<FileChanged> for StorageError {
    fn from(changed: FileChanged) -> Self {
        Self::Unavailable(Box::new(changed))
    }
}

/// The error of the port for an error of `SQLite`, which is shared because it may end several units of work.
///
/// diesel exposes the message of `SQLite` but not the code. The texts below are the fixed messages of the codes
/// (`sqlite3ErrStr`).
pub(super) fn storage_error(error: &Arc<Error>, access: Access) -> StorageError {
    let cause = Box::new(Arc::clone(error));
    match message(error) {
        // SQLITE_BUSY, SQLITE_LOCKED: another connection holds the lock.
        "database is locked" | "database table is locked" => StorageError::Busy,
        // SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_NOMEM: may be temporary.
        "database or disk is full" | "disk I/O error" | "unable to open database file" | "out of memory" => {
            StorageError::Unavailable(cause)
        }
        // SQLITE_READONLY: the file or the file system is read-only. In a read unit it is an error of the caller.
        "attempt to write a readonly database" if access == Access::Write => StorageError::Unavailable(cause),
        _ => StorageError::Failed(cause),
    }
}

fn message(error: &Error) -> &str {
    match error {
        Error::DatabaseError(_, information) => information.message(),
        Error::RollbackErrorOnCommit { commit_error, .. } => message(commit_error),
        _ => "",
    }
}
