use std::time::Duration;

use asteroid_identity::{ContactType, HashingError, Password, PasswordFlaw, PersonName};
use asteroid_kernel::{Contact, Origin, StorageError};

use super::SendCodesError;

/// Asks to become a user.
#[derive(Clone, Debug)]
pub struct Register {
    /// What the person is called.
    pub name: PersonName,
    /// The contact to be verified.
    pub contact: Contact,
    /// Work or personal.
    pub contact_type: ContactType,
    /// The password that the user will have.
    pub password: Password,
    /// From where.
    pub origin: Origin,
}

/// Why a registration was not begun.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The password does not meet the policy.
    #[error("the password is refused")]
    WeakPassword(Vec<PasswordFlaw>),
    /// Too many codes were asked for this contact.
    #[error("too many codes were asked for")]
    TooManyCodes {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<SendCodesError> for RegisterError {
    fn from(error: SendCodesError) -> Self {
        match error {
            SendCodesError::TooManyCodes { retry_after } => Self::TooManyCodes { retry_after },
            SendCodesError::Storage(error) => Self::Storage(error),
        }
    }
}

asteroid_kernel::port! {
    /// Begins registrations.
    pub trait Registrations {
        /// Keeps a pending registration and sends its code. To a contact that belongs to a user already, a notice is
        /// sent instead; the answer and its cost are the same.
        async fn register(&self, request: Register) -> Result<(), RegisterError>;
    }
}
