use std::time::Duration;

use asteroid_kernel::{Contact, Origin, StorageError};
use asteroid_verification::CodeGuess;

use super::SignedIn;

/// Which version of the API a code is asked for through: it decides what the code looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeVersion {
    /// A code that a person types.
    V1,
    /// A code that phones fill in.
    V2,
}

/// Asks for codes to these contacts: to finish a registration where one waits, else to sign in.
#[derive(Clone, Debug)]
pub struct SendCodes {
    /// Each gets a code of its own, or none does.
    pub contacts: Vec<Contact>,
    /// Decides what the code looks like.
    pub version: CodeVersion,
    /// From where.
    pub origin: Origin,
}

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendCodesError {
    /// Too many codes were asked for one of the contacts.
    #[error("too many codes were asked for")]
    TooManyCodes {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Tries a code that was sent to a contact.
#[derive(Clone, Debug)]
pub struct VerifyCode {
    /// Where the code was sent.
    pub contact: Contact,
    /// What was typed.
    pub guess: CodeGuess,
    /// From where.
    pub origin: Origin,
}

/// Why a code did not sign anyone in.
#[derive(Debug, thiserror::Error)]
pub enum VerifyCodeError {
    /// Wrong, expired, used, never sent, for another purpose, or guessed at too often: nobody is told which.
    #[error("the code is invalid")]
    InvalidCode,
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

asteroid_kernel::port! {
    /// Sends and checks verification codes.
    pub trait VerificationCodes {
        /// Sends codes. A contact that nobody has gets none; the answer is the same.
        async fn send_codes(&self, request: SendCodes) -> Result<(), SendCodesError>;

        /// Redeems a code: the registration that it belongs to becomes a user, or the contact's owner signs in.
        async fn verify_code(&self, request: VerifyCode) -> Result<SignedIn, VerifyCodeError>;
    }
}
