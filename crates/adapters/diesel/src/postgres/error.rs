//! What `PostgreSQL` says, in the terms of the port.

use std::sync::Arc;

use asteroid_kernel::StorageError;
use diesel::result::{DatabaseErrorKind, Error};

use crate::access::Access;

/// What is to be done about a failed statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Other transactions were in the way: the same again may well succeed.
    Conflict,
    /// The connection is gone, or the server could not do it just now.
    Unavailable,
    /// The same again would fail again.
    Failed,
}

/// Which kind of failure it is.
///
/// diesel tells some of the server's codes (SQLSTATE) and no others; of those that are left, the message says more. A
/// server that speaks another language than English is understood as far as the codes go.
pub(super) fn kind(error: &Error, access: Access) -> Kind {
    let Error::DatabaseError(kind, information) = error else { return Kind::Failed };
    match kind {
        DatabaseErrorKind::SerializationFailure => Kind::Conflict,
        DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection => Kind::Unavailable,
        // A server that became somebody's standby; but a unit that only reads is not to write at all.
        DatabaseErrorKind::ReadOnlyTransaction if access == Access::Write => Kind::Unavailable,
        DatabaseErrorKind::Unknown => by_message(information.message()),
        _ => Kind::Failed,
    }
}

fn by_message(message: &str) -> Kind {
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
        Kind::Conflict
    } else if UNAVAILABLE.iter().any(|text| message.contains(text)) {
        Kind::Unavailable
    } else {
        Kind::Failed
    }
}

pub(super) fn storage_error(error: &Arc<Error>, kind: Kind) -> StorageError {
    match kind {
        Kind::Conflict => StorageError::Busy,
        Kind::Unavailable => StorageError::Unavailable(Box::new(Arc::clone(error))),
        Kind::Failed => StorageError::Failed(Box::new(Arc::clone(error))),
    }
}
