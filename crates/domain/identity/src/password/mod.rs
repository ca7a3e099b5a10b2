//! Passwords: what a person types, what a new one has to be like, and what is stored of it.

mod hasher;
mod policy;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

pub use hasher::{HashingError, PasswordHasher, Verdict};
pub use policy::{NewPassword, PasswordFlaw, PasswordPolicy};

/// A password as a person typed it, in NFC (NIST SP 800-63B-4, 3.1.1.2). It cannot be printed.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// Takes what was typed. Nothing is trimmed: every character counts.
    ///
    /// A text beyond what could be a password is not even normalised.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if text.len() > PasswordPolicy::UNREAD_BYTES {
            return Self(text.into());
        }
        Self(text.nfc().collect::<String>().into())
    }

    /// The password itself, to hash it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What is stored of a password: a hash in the PHC string format, or in bcrypt's own. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hash as a hasher made it or a store kept it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The hash as it is stored.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}
