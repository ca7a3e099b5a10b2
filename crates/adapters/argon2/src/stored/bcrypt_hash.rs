use asteroid_identity::UnusableHash;
use asteroid_kernel::BoxError;
use bcrypt::HashParts;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::fields::Scheme;

const SCHEME: Scheme = Scheme("bcrypt");

/// The highest cost that is verified; a second or several of work.
const MAX_COST: u64 = 16;

/// What bcrypt reads of a text, in bytes.
const READ_BYTES: usize = 72;

/// A bcrypt hash.
#[derive(Clone)]
pub(crate) struct BcryptHash {
    /// As bcrypt writes it.
    text: String,
    /// Whether it is a hash of the text's SHA-256 in hexadecimal digits, which is always read whole.
    of_digest: bool,
}

impl BcryptHash {
    /// Reads a hash as bcrypt writes it.
    pub(super) fn parse(text: &str) -> Result<Self, UnusableHash> {
        let parts: HashParts = text.parse().map_err(|_| SCHEME.malformed("encoding"))?;
        SCHEME.bound("cost", parts.get_cost().into(), 4..=MAX_COST, "")?;
        Ok(Self { text: text.to_owned(), of_digest: false })
    }

    /// Reads what follows Django's `bcrypt_sha256$`.
    pub(super) fn parse_of_digest(text: &str) -> Result<Self, UnusableHash> {
        Ok(Self { of_digest: true, ..Self::parse(text)? })
    }

    /// Whether it is a hash of this text.
    pub(super) fn is_hash_of(&self, text: &[u8]) -> Result<bool, BoxError> {
        if self.of_digest {
            return Ok(bcrypt::verify(HEXLOWER.encode(&Sha256::digest(text)), &self.text)?);
        }
        // As bcrypt-ruby, and so Devise, does: bytes after the 72nd do not count, and no password with a NUL among
        // those before can have been set. To bcrypt, "a\0a" would be "a".
        let has_nul = text.iter().take(READ_BYTES).any(|byte| *byte == 0);
        Ok(bcrypt::verify(text, &self.text)? && !has_nul)
    }

    /// Whether it is a hash of longer texts, too. A text of exactly what is read may be the beginning of one.
    pub(super) fn is_ambiguous(&self, text: &[u8]) -> bool {
        !self.of_digest && text.len() >= READ_BYTES
    }
}
