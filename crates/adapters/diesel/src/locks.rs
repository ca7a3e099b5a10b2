//! Locks of units of work, for backends whose transactions run concurrently.

use std::future::{Future, ready};

use asteroid_kernel::{StorageError, UserId};

type LockResult = Result<(), StorageError>;

/// Locks that a unit of work holds until it ends. The default takes none, for a backend with a single writer.
pub(crate) trait Locks: Send {
    /// Locks the pending registrations of a contact.
    fn lock_registrations(&mut self, contact_key: &str) -> impl Future<Output = LockResult> + Send {
        let _ = contact_key;
        ready(Ok(()))
    }

    /// Locks the challenges of a contact, if the unit of work may write. A guess updates several, and locking them in any
    /// order could deadlock.
    fn lock_challenges(&mut self, contact_key: &str) -> impl Future<Output = LockResult> + Send {
        let _ = contact_key;
        ready(Ok(()))
    }

    /// Locks the known keys.
    fn lock_keys(&mut self) -> impl Future<Output = LockResult> + Send {
        ready(Ok(()))
    }

    /// Locks the key of an idempotent request, by its digest.
    fn lock_idempotency_key(&mut self, digest: &[u8]) -> impl Future<Output = LockResult> + Send {
        let _ = digest;
        ready(Ok(()))
    }

    /// Locks a user.
    fn lock_user(&mut self, user: UserId) -> impl Future<Output = LockResult> + Send {
        let _ = user;
        ready(Ok(()))
    }

    /// Removes the rows of locks that no unit holds.
    fn remove_locks(&mut self) -> impl Future<Output = LockResult> + Send {
        ready(Ok(()))
    }
}
