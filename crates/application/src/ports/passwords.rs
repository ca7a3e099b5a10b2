use std::time::Duration;

use asteroid_identity::{HashingError, Password, PasswordFlaw};
use asteroid_kernel::{Contact, Origin, StorageError};
use asteroid_verification::CodeGuess;

use super::{Caller, SendCodesError};

/// Replaces the caller's password.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// Whose password.
    pub caller: Caller,
    /// The password so far.
    pub existing: Password,
    /// The password from now on.
    pub new: Password,
    /// From where.
    pub origin: Origin,
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The new password does not meet the policy.
    #[error("the password is refused")]
    WeakPassword(Vec<PasswordFlaw>),
    /// The existing password is another.
    #[error("the existing password is wrong")]
    InvalidExistingPassword,
    /// Too many wrong passwords were tried.
    #[error("too many wrong passwords were tried")]
    TooManyAttempts {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// A password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Replaces the caller's password, or says all that is wrong with the request at once.
#[derive(Clone, Debug)]
pub struct ReviewPasswordChange {
    /// Whose password.
    pub caller: Caller,
    /// The password so far; none if none was given.
    pub existing: Option<Password>,
    /// The password from now on; none if none was given.
    pub new: Option<Password>,
    /// Whether whoever asks found nothing wrong that it can see itself, such as a missing confirmation.
    pub complete: bool,
    /// From where.
    pub origin: Origin,
}

/// All that is wrong with a change of password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordReview {
    /// Whether the existing password was given, and right.
    pub existing_is_right: bool,
    /// What is wrong with the new password, if one was given.
    pub flaws: Vec<PasswordFlaw>,
}

/// Why a password was not changed after the review.
#[derive(Debug, thiserror::Error)]
pub enum ReviewPasswordChangeError {
    /// Something is wrong; nothing was changed.
    #[error("the change of password is refused")]
    Refused(PasswordReview),
    /// Too many wrong passwords were tried.
    #[error("too many wrong passwords were tried")]
    TooManyAttempts {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// A password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

asteroid_kernel::port! {
    /// Changes passwords for a surface that tells all that is wrong at once.
    pub trait ReviewedPasswords {
        /// Does what [`Passwords::change_password`] does, if nothing is wrong. The existing password is checked whatever
        /// else is wrong, and the new one is held against it; both count as one try.
        async fn review_password_change(
            &self,
            request: ReviewPasswordChange,
        ) -> Result<(), ReviewPasswordChangeError>;
    }
}

/// Asks for a code to set a new password with.
#[derive(Clone, Debug)]
pub struct ForgotPassword {
    /// A verified contact of the user.
    pub contact: Contact,
    /// From where.
    pub origin: Origin,
}

/// Sets a new password with a code.
#[derive(Clone, Debug)]
pub struct ResetPassword {
    /// Where the code was sent.
    pub contact: Contact,
    /// What was typed.
    pub guess: CodeGuess,
    /// The password from now on.
    pub new: Password,
    /// From where.
    pub origin: Origin,
}

/// Why a password was not reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The new password does not meet the policy; the code is not used up.
    #[error("the password is refused")]
    WeakPassword(Vec<PasswordFlaw>),
    /// Wrong, expired, used, never sent, for another purpose, or guessed at too often: nobody is told which.
    #[error("the code is invalid")]
    InvalidCode,
    /// The new password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

asteroid_kernel::port! {
    /// Changes and resets passwords.
    pub trait Passwords {
        /// Replaces the caller's password, ends all other sessions of the user, and tells the user.
        async fn change_password(&self, request: ChangePassword) -> Result<(), ChangePasswordError>;

        /// Sends a reset code to the contact of an enabled user. To anyone else nothing is sent; the answer is the
        /// same.
        async fn forgot_password(&self, request: ForgotPassword) -> Result<(), SendCodesError>;

        /// Sets a new password with a reset code, ends all sessions of the user, and tells the user.
        async fn reset_password(&self, request: ResetPassword) -> Result<(), ResetPasswordError>;
    }
}
