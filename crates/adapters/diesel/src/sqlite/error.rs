//! Maps errors of `SQLite` to errors of the port.

use std::sync::Arc;

use asteroid_kernel::StorageError;
use diesel::result::Error;

use crate::access::Access;

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
