use asteroid_identity::UnusableHash;
use asteroid_kernel::BoxError;
use bcrypt::HashParts;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::fields::Scheme;

const SCHEME: Scheme = Scheme("bcrypt");

/// The highest cost that is verified; a second or several of work.
const MAX_COST: u64 = 16;

/// The bytes of a text that bcrypt reads.
const READ_BYTES: usize = 72;

/// A bcrypt hash.
#[derive(Clone)]
pub(crate) struct BcryptHash {
    /// In bcrypt's own format.
    text: String,
    /// Whether the hash is of the text's SHA-256 in hexadecimal digits, which bcrypt always reads in full.
    of_digest: bool,
}

impl BcryptHash {
    /// Parses a hash in bcrypt's own format.
    pub(super) fn parse(text: &str) -> Result<Self, UnusableHash> {
        let parts: HashParts = text.parse().map_err(|_| SCHEME.malformed("encoding"))?;
        SCHEME.bound("cost", parts.get_cost().into(), 4..=MAX_COST, "")?;
        Ok(Self { text: text.to_owned(), of_digest: false })
    }

    /// Parses what follows Django's `bcrypt_sha256$`.
    pub(super) fn parse_of_digest(text: &str) -> Result<Self, UnusableHash> {
        Ok(Self { of_digest: true, ..Self::parse(text)? })
    }

    /// Whether it is a hash of this text.
    pub(super) fn is_hash_of(&self, text: &[u8]) -> Result<bool, BoxError> {
        if self.of_digest {
            return Ok(bcrypt::verify(HEXLOWER.encode(&Sha256::digest(text)), &self.text)?);
        }
        // Like bcrypt-ruby, and so Devise: bytes after the 72nd are ignored, and a password with a NUL before that cannot
        // have been set. To bcrypt, "a\0a" is "a".
        let has_nul = text.iter().take(READ_BYTES).any(|byte| *byte == 0);
        Ok(bcrypt::verify(text, &self.text)? && !has_nul)
    }

    /// Whether longer texts have this hash too. A text of exactly 72 bytes may be the beginning of one.
    pub(super) fn is_ambiguous(&self, text: &[u8]) -> bool {
        !self.of_digest && text.len() >= READ_BYTES
    }
}
