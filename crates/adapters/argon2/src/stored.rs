//! Stored hashes: those of this server, and those of other systems.

mod argon2_hash;
mod bcrypt_hash;
mod fields;
mod firebase_hash;
mod pbkdf2_hash;
mod scrypt_hash;

use argon2::Params;
use asteroid_identity::{Password, UnusableHash, Verdict};
use asteroid_kernel::BoxError;
use secrecy::ExposeSecret;

use crate::arena::Arena;
pub(crate) use argon2_hash::Argon2Hash;
use bcrypt_hash::BcryptHash;
use firebase_hash::FirebaseHash;
use pbkdf2_hash::Pbkdf2Hash;
use scrypt_hash::ScryptHash;

/// The most memory of an argon2 hash: 1 GiB.
pub(crate) const MAX_MEMORY_KIB: u32 = 1 << 20;

/// The most memory times iterations of an argon2 hash: 4 GiB, some seconds of work. It is libsodium's most expensive
/// preset, `SENSITIVE`.
pub(crate) const MAX_WORK_KIB: u32 = 4 << 20;

/// The bytes of a new salt (RFC 9106, 3.1).
pub(crate) const SALT_BYTES: usize = 16;

/// The bytes of a new hash (RFC 9106, 4).
pub(crate) const OUTPUT_BYTES: usize = 32;

/// A stored hash that passwords can be verified against.
#[derive(Clone)]
pub(crate) enum StoredHash {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Firebase(FirebaseHash),
    Pbkdf2(Pbkdf2Hash),
    Scrypt(ScryptHash),
}

/// The prefixes of known hashes that are not supported.
const UNSUPPORTED: [(&str, &str); 16] = [
    // The bug of crypt_blowfish before 1.1, kept for old hashes.
    ("$2x$", "bcrypt $2x$"),
    ("$2$", "bcrypt $2$"),
    ("$bcrypt-sha256$", "passlib's bcrypt-sha256"),
    ("$1$", "md5crypt"),
    ("$apr1$", "Apache's MD5"),
    ("$5$", "sha256crypt"),
    ("$6$", "sha512crypt"),
    ("$7$", "scrypt $7$"),
    ("$y$", "yescrypt"),
    ("$P$", "phpass"),
    ("$H$", "phpass"),
    ("md5$", "salted MD5"),
    ("sha1$", "salted SHA-1"),
    ("sha256$", "salted SHA-256"),
    ("sha512$", "salted SHA-512"),
    ("{SSHA}", "LDAP's salted SHA-1"),
];

impl StoredHash {
    /// Parses a hash in the format of bcrypt, argon2, Django, Werkzeug, passlib, Supabase or PHC strings.
    pub(crate) fn parse(text: &str) -> Result<Self, UnusableHash> {
        // Django writes its own name of the scheme before the hash.
        let text = text.strip_prefix("argon2").filter(|rest| rest.starts_with('$')).unwrap_or(text);
        let text = text.strip_prefix("bcrypt$").unwrap_or(text);
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
        if begins(&["$argon2"]) {
            Argon2Hash::parse(text).map(Self::Argon2)
        } else if begins(&["$2a$", "$2b$", "$2y$"]) {
            BcryptHash::parse(text).map(Self::Bcrypt)
        } else if let Some(inner) = text.strip_prefix("bcrypt_sha256$") {
            BcryptHash::parse_of_digest(inner).map(Self::Bcrypt)
        } else if begins(&["pbkdf2_", "pbkdf2:", "$pbkdf2"]) {
            Pbkdf2Hash::parse(text).map(Self::Pbkdf2)
        } else if begins(&["scrypt$", "scrypt:", "$scrypt$"]) {
            ScryptHash::parse(text).map(Self::Scrypt)
        } else if begins(&["$fbscrypt$"]) {
            FirebaseHash::parse(text).map(Self::Firebase)
        } else {
            let known = UNSUPPORTED.into_iter().find(|(prefix, _)| text.starts_with(prefix));
            Err(known.map_or(UnusableHash::UnknownScheme, |(_, name)| UnusableHash::UnsupportedScheme(name)))
        }
    }

    /// Verifies the password in each of its spellings.
    pub(crate) fn verify(
        &self,
        password: &Password,
        current: &Params,
        arena: &mut Arena,
    ) -> Result<Verdict, BoxError> {
        for spelling in password.spellings() {
            let text = spelling.expose_secret();
            if self.is_hash_of(text.as_bytes(), arena)? {
                let differs = text != password.expose() || self.is_outdated(current);
                return Ok(Verdict::Match { outdated: differs && !self.is_ambiguous(text.as_bytes()) });
            }
        }
        Ok(Verdict::Mismatch)
    }

    fn is_hash_of(&self, text: &[u8], arena: &mut Arena) -> Result<bool, BoxError> {
        match self {
            Self::Argon2(stored) => stored.is_hash_of(text, arena),
            Self::Bcrypt(stored) => stored.is_hash_of(text),
            Self::Firebase(stored) => stored.is_hash_of(text),
            Self::Pbkdf2(stored) => Ok(stored.is_hash_of(text)),
            Self::Scrypt(stored) => stored.is_hash_of(text),
        }
    }

    /// Whether a new hash would have another scheme or other parameters.
    fn is_outdated(&self, current: &Params) -> bool {
        match self {
            Self::Argon2(stored) => stored.is_outdated(current),
            Self::Bcrypt(_) | Self::Firebase(_) | Self::Pbkdf2(_) | Self::Scrypt(_) => true,
        }
    }

    /// Whether other texts, one of which the owner may have set, have the same hash: then a new hash of this text could
    /// lock the owner out.
    fn is_ambiguous(&self, text: &[u8]) -> bool {
        match self {
            Self::Argon2(_) => false,
            Self::Bcrypt(stored) => stored.is_ambiguous(text),
            // HMAC pads its key with zeros: "a\0" is "a" to them.
            Self::Firebase(_) | Self::Pbkdf2(_) | Self::Scrypt(_) => text.ends_with(b"\0"),
        }
    }
}

#[cfg(test)]
mod tests;
