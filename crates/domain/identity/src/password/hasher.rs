use std::future::Future;
use std::time::Duration;

use asteroid_kernel::BoxError;

use crate::{NewPassword, Password, PasswordHash};

/// What came of checking a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password. `outdated` if its hash was made with another scheme or other parameters than new
    /// ones are: it should be replaced.
    Match {
        /// Whether the hash should be replaced.
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
    fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> impl Future<Output = Result<Verdict, HashingError>> + Send;

    /// Whether a hash that comes from elsewhere is of a scheme and of parameters that [`verify`](Self::verify) checks.
    fn can_verify(&self, hash: &PasswordHash) -> bool;
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

    fn can_verify(&self, hash: &PasswordHash) -> bool {
        (**self).can_verify(hash)
    }
}
