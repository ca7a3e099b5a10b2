//! What a backend whose transactions run beside each other has to hold, so that units see each other's rows.

use std::future::{Future, ready};

use asteroid_kernel::{StorageError, UserId};

type Held = Result<(), StorageError>;

/// Locks that a unit holds until it ends. Without any where there is one writer: that is everybody's lock.
pub(crate) trait Locks: Send {
    /// Holds the pending registrations of a contact.
    fn lock_registrations(&mut self, contact_key: &str) -> impl Future<Output = Held> + Send {
        let _ = contact_key;
        ready(Ok(()))
    }

    /// Holds the challenges of a contact: a guess counts against several, which would otherwise be locked in any order.
    fn lock_challenges(&mut self, contact_key: &str) -> impl Future<Output = Held> + Send {
        let _ = contact_key;
        ready(Ok(()))
    }

    /// Holds a user.
    fn lock_user(&mut self, user: UserId) -> impl Future<Output = Held> + Send {
        let _ = user;
        ready(Ok(()))
    }

    /// Removes what locks have left that nobody holds any more.
    fn remove_locks(&mut self) -> impl Future<Output = Held> + Send {
        ready(Ok(()))
    }
}
