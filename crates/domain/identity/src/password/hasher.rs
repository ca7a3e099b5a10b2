use std::future::Future;
use std::time::Duration;

use asteroid_kernel::BoxError;

use crate::{NewPassword, Password, PasswordHash};

/// The result of verifying a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password matches the hash.
    Match {
        /// Whether the hash should be replaced: its scheme, its parameters or the spelling of its password differ from
        /// those of new hashes. Never if other texts have the same hash (bcrypt reads 72 bytes), because this one may
        /// not be the text that the user set.
        outdated: bool,
    },
    /// The password does not match the hash.
    Mismatch,
}

/// The reason why a password was neither hashed nor verified.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// The queue is full, or this request waited too long.
    #[error("too many passwords are being hashed")]
    Overloaded {
        /// The time after which to retry.
        retry_after: Duration,
    },
    /// The hasher failed.
    #[error("the password could not be hashed")]
    Failed(#[source] BoxError),
}

/// The reason why an imported hash is not accepted. It reveals nothing of the hash but its scheme and parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableHash {
    /// The scheme is not known.
    #[error("is not a hash of bcrypt, argon2, scrypt or PBKDF2 in a known form")]
    UnknownScheme,
    /// The scheme is known, but not supported.
    #[error("is a hash of {0}, which is not supported")]
    UnsupportedScheme(&'static str),
    /// A part of the hash is missing or not well formed.
    #[error("is not a valid hash of {scheme}: its {part} is not valid")]
    Malformed {
        /// The scheme that it names.
        scheme: &'static str,
        /// The part that is wrong.
        part: &'static str,
    },
    /// A part of the hash is out of bounds: too expensive to verify, or too weak.
    #[error("is a hash of {scheme} whose {part} must be {}{unit}", range(*least, *most))]
    OutOfBounds {
        /// The scheme that it names.
        scheme: &'static str,
        /// The part that is out of bounds.
        part: &'static str,
        /// The lower bound, inclusive.
        least: u64,
        /// The upper bound, inclusive.
        most: u64,
        /// The unit, with a leading space; empty for a count.
        unit: &'static str,
    },
}

fn range(least: u64, most: u64) -> String {
    if least == most { most.to_string() } else { format!("{least} to {most}") }
}

/// Hashes and verifies passwords with a memory-hard function (NIST SP 800-63B-4, 3.1.1.2). An implementation bounds how
/// many run concurrently.
pub trait PasswordHasher: Send + Sync + 'static {
    /// Hashes a password with a new salt.
    fn hash(&self, password: &NewPassword)
    -> impl Future<Output = Result<PasswordHash, HashingError>> + Send;

    /// Verifies a password against a hash. A password matches in any of its [`spellings`](Password::spellings).
    ///
    /// Without a hash, verifies against a dummy hash with the current parameters, at the same cost, and returns
    /// [`Verdict::Mismatch`]: so the response time does not reveal whether a user exists. A hash that cannot be parsed
    /// is treated like [`None`].
    fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> impl Future<Output = Result<Verdict, HashingError>> + Send;

    /// Refuses what would be refused anyway: a caller asks before it spends anything else on a request, so that a flood of
    /// requests that cannot be served costs as little as can be.
    ///
    /// # Errors
    ///
    /// [`HashingError::Overloaded`] if a password that came now would find no room.
    fn check_capacity(&self) -> Result<(), HashingError> {
        Ok(())
    }

    /// Checks whether an imported hash has a scheme and parameters that [`verify`](Self::verify) supports.
    ///
    /// # Errors
    ///
    /// The reason why the hash is not usable.
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

    fn check_capacity(&self) -> Result<(), HashingError> {
        (**self).check_capacity()
    }

    fn check_imported(&self, hash: &PasswordHash) -> Result<(), UnusableHash> {
        (**self).check_imported(hash)
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Arc;

    use super::*;

    /// Refuses every hash.
    struct Refusing;

    impl PasswordHasher for Refusing {
        fn hash(&self, _: &NewPassword) -> impl Future<Output = Result<PasswordHash, HashingError>> + Send {
            ready(Err(HashingError::Overloaded { retry_after: Duration::ZERO }))
        }

        fn verify(
            &self,
            _: &Password,
            _: Option<&PasswordHash>,
        ) -> impl Future<Output = Result<Verdict, HashingError>> + Send {
            ready(Ok(Verdict::Mismatch))
        }

        fn check_imported(&self, _: &PasswordHash) -> Result<(), UnusableHash> {
            Err(UnusableHash::UnknownScheme)
        }
    }

    #[test]
    fn a_shared_hasher_accepts_the_imported_hashes_that_the_hasher_accepts() {
        let shared = Arc::new(Refusing);
        assert_eq!(shared.check_imported(&PasswordHash::new("x")), Err(UnusableHash::UnknownScheme));
    }

    #[test]
    fn a_hash_that_is_out_of_bounds_is_refused_with_its_bounds() {
        let error = |least, most, unit| {
            UnusableHash::OutOfBounds { scheme: "argon2", part: "memory", least, most, unit }.to_string()
        };
        assert_eq!(error(8, 1024, " KiB"), "is a hash of argon2 whose memory must be 8 to 1024 KiB");
        assert_eq!(error(1, 1, ""), "is a hash of argon2 whose memory must be 1");
    }
}
