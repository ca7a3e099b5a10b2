use std::future::Future;
use std::time::Duration;

use asteroid_kernel::BoxError;

use crate::{NewPassword, Password, PasswordHash};

/// What came of checking a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password. `outdated` if its hash was made with another scheme, with other parameters or of another
    /// spelling than new ones are: it should be replaced by one of this password.
    Match {
        /// Whether the hash should be replaced. Never where it is a hash of other texts, too, so that this one may not
        /// be what its owner set: bcrypt reads 72 bytes.
        outdated: bool,
    },
    /// It is not the password.
    Mismatch,
}

/// Why no hash was made or checked.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// More hashes wait than the gate takes on, or this one waited too long.
    #[error("too many passwords are being hashed")]
    Overloaded {
        /// When trying again makes sense.
        retry_after: Duration,
    },
    /// The hasher broke.
    #[error("the password could not be hashed")]
    Failed(#[source] BoxError),
}

/// Why a hash from elsewhere is not taken. Says nothing of the hash but its scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableHash {
    /// It is of no known scheme.
    #[error("is not a hash of bcrypt, argon2, scrypt or PBKDF2 in a known form")]
    UnknownScheme,
    /// It is of a scheme that is not verified.
    #[error("is a hash of {0}, which is not supported")]
    UnsupportedScheme(&'static str),
    /// A part of it is missing or not well formed.
    #[error("is not a valid hash of {scheme}: its {part} is not valid")]
    Malformed {
        /// The scheme that it names.
        scheme: &'static str,
        /// The part that is wrong.
        part: &'static str,
    },
    /// A part of it is out of its bounds: it asks for absurd work, or is worth nothing.
    #[error("is a hash of {scheme} whose {part} must be {}{unit}", range(*least, *most))]
    OutOfBounds {
        /// The scheme that it names.
        scheme: &'static str,
        /// The part that is out of bounds.
        part: &'static str,
        /// The least that is taken.
        least: u64,
        /// The most that is taken.
        most: u64,
        /// The unit with a space before it; empty for a count.
        unit: &'static str,
    },
}

fn range(least: u64, most: u64) -> String {
    if least == most { most.to_string() } else { format!("{least} to {most}") }
}

/// Hashes passwords, slowly and with much memory, behind a gate that bounds how many at once.
pub trait PasswordHasher: Send + Sync + 'static {
    /// Makes a hash with a fresh salt.
    fn hash(&self, password: &NewPassword)
    -> impl Future<Output = Result<PasswordHash, HashingError>> + Send;

    /// Checks a password against a hash.
    ///
    /// Without a hash, a dummy with the current parameters is checked, at the same cost, and the verdict is
    /// always [`Verdict::Mismatch`]: so a stranger cannot tell who has a password here. A stored hash that
    /// cannot be read counts as none.
    ///
    /// A password matches in any of its [`spellings`](Password::spellings).
    fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> impl Future<Output = Result<Verdict, HashingError>> + Send;

    /// Whether a hash that comes from elsewhere is of a scheme and of parameters that [`verify`](Self::verify) checks.
    ///
    /// # Errors
    ///
    /// Why it is not.
    fn check_imported(&self, hash: &PasswordHash) -> Result<(), UnusableHash>;
}

impl<H: PasswordHasher> PasswordHasher for std::sync::Arc<H> {
    fn hash(
        &self,
        password: &NewPassword,
    ) -> impl Future<Output = Result<PasswordHash, HashingError>> + Send {
        (**self).hash(password)
    }

    fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> impl Future<Output = Result<Verdict, HashingError>> + Send {
        (**self).verify(password, hash)
    }

    fn check_imported(&self, hash: &PasswordHash) -> Result<(), UnusableHash> {
        (**self).check_imported(hash)
    }
}
