//! Maps errors of `PostgreSQL` to errors of the port.

use std::sync::Arc;

use asteroid_kernel::StorageError;
use diesel::result::{DatabaseErrorKind, Error};

use crate::access::Access;

/// How a failed statement is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SqlErrorKind {
    /// A conflict with another transaction: a retry may succeed.
    Conflict,
    /// The connection is lost, or the server cannot run the statement at the moment.
    Unavailable,
    /// A retry would fail again.
    Failed,
}

/// The kind of an error.
///
/// diesel exposes only some SQLSTATE codes, so the others are recognized by the English message. With a server in
/// another language, they count as [`SqlErrorKind::Failed`].
pub(super) fn error_kind(error: &Error, access: Access) -> SqlErrorKind {
    let Error::DatabaseError(kind, information) = error else { return SqlErrorKind::Failed };
    match kind {
        DatabaseErrorKind::SerializationFailure => SqlErrorKind::Conflict,
        DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection => {
            SqlErrorKind::Unavailable
        }
        // The server became a standby. In a read unit it is an error of the caller.
        DatabaseErrorKind::ReadOnlyTransaction if access == Access::Write => SqlErrorKind::Unavailable,
        DatabaseErrorKind::Unknown => kind_by_message(information.message()),
        _ => SqlErrorKind::Failed,
    }
}

fn kind_by_message(message: &str) -> SqlErrorKind {
    const UNAVAILABLE: [&str; 9] = [
        // 57014, 57P01 to 57P03
        "canceling statement due to",
        "terminating connection",
        "the database system is",
        // 53100, 53200, 53300
        "could not extend file",
        "could not write",
        "No space left on device",
        "out of memory",
        "out of shared memory",
        "too many clients",
    ];
    // 40P01
    if message.contains("deadlock detected") {
        SqlErrorKind::Conflict
    } else if UNAVAILABLE.iter().any(|text| message.contains(text)) {
        SqlErrorKind::Unavailable
    } else {
        SqlErrorKind::Failed
    }
}

/// The error of the port for an error of this kind.
pub(super) fn storage_error(error: &Arc<Error>, kind: SqlErrorKind) -> StorageError {
    match kind {
        SqlErrorKind::Conflict => StorageError::Busy,
        SqlErrorKind::Unavailable => StorageError::Unavailable(Box::new(Arc::clone(error))),
        SqlErrorKind::Failed => StorageError::Failed(Box::new(Arc::clone(error))),
    }
}
