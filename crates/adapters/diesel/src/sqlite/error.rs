use std::sync::Arc;

use asteroid_kernel::StorageError;
use diesel::result::Error;

use crate::access::Access;

/// What `SQLite` says, in the terms of the port. The error is shared: it may befall several units at once.
///
/// diesel hands on `SQLite`'s message and not its code, so that is what has to be read here. These are the
/// standing texts of the codes (`sqlite3ErrStr`).
pub(super) fn storage_error(error: &Arc<Error>, access: Access) -> StorageError {
    let cause = Box::new(Arc::clone(error));
    match message(error) {
        // SQLITE_BUSY, SQLITE_LOCKED: somebody else's connection.
        "database is locked" | "database table is locked" => StorageError::Busy,
        // SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_NOMEM: it may pass.
        "database or disk is full" | "disk I/O error" | "unable to open database file" | "out of memory" => {
            StorageError::Unavailable(cause)
        }
        // SQLITE_READONLY: the file or the file system; but a unit that only reads is not to write at all.
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
