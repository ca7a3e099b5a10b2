use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

/// A key that signs tokens.
pub struct JwtKey {
    /// Names the key in tokens (`kid`), so it is not a secret. From 1 to [`JwtKey::MAX_ID_BYTES`] bytes.
    pub id: String,
    /// At least [`JwtKey::MIN_SECRET_BYTES`] random bytes.
    pub secret: SecretSlice<u8>,
}

impl JwtKey {
    /// The fewest bytes of a secret (RFC 7518, 3.2: at least the length of the hash).
    pub const MIN_SECRET_BYTES: usize = 32;

    /// The most bytes of an id, so that tokens stay short.
    pub const MAX_ID_BYTES: usize = 64;

    /// The HMAC-SHA-256 of a text, to finalize, or to compare in constant time.
    pub(crate) fn mac(&self, text: &str) -> Hmac<Sha256> {
        Hmac::new_from_slice(self.secret.expose_secret())
            .expect("HMAC takes a key of any length")
            .chain_update(text)
    }
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwtKey({})", self.id)
    }
}

/// Why keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJwtKeys {
    /// There is no key.
    #[error("there is no key")]
    None,
    /// The id of a key is empty or too long.
    #[error("a key's id has {0} bytes, and must have from 1 to {max}", max = JwtKey::MAX_ID_BYTES)]
    IdLength(usize),
    /// A key is too short to be safe.
    #[error("the key `{0}` has fewer than {min} bytes", min = JwtKey::MIN_SECRET_BYTES)]
    TooShort(String),
    /// Two keys have the same id.
    #[error("two keys have the id `{0}`")]
    SameId(String),
}

/// The key ring: the first key signs, all keys verify.
#[derive(Debug)]
pub(crate) struct KeyRing(Vec<JwtKey>);

impl KeyRing {
    pub(crate) fn new(keys: Vec<JwtKey>) -> Result<Self, InvalidJwtKeys> {
        if keys.is_empty() {
            return Err(InvalidJwtKeys::None);
        }
        for (index, key) in keys.iter().enumerate() {
            if !(1..=JwtKey::MAX_ID_BYTES).contains(&key.id.len()) {
                return Err(InvalidJwtKeys::IdLength(key.id.len()));
            }
            if key.secret.expose_secret().len() < JwtKey::MIN_SECRET_BYTES {
                return Err(InvalidJwtKeys::TooShort(key.id.clone()));
            }
            if keys[..index].iter().any(|other| other.id == key.id) {
                return Err(InvalidJwtKeys::SameId(key.id.clone()));
            }
        }
        Ok(Self(keys))
    }

    /// The key that signs.
    pub(crate) fn first(&self) -> &JwtKey {
        &self.0[0]
    }

    pub(crate) fn find(&self, id: &str) -> Option<&JwtKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, bytes: usize) -> JwtKey {
        JwtKey { id: id.into(), secret: vec![7; bytes].into() }
    }

    fn error(keys: Vec<JwtKey>) -> Option<InvalidJwtKeys> {
        KeyRing::new(keys).err()
    }

    #[test]
    fn keys_are_validated() {
        assert_eq!(error(vec![]), Some(InvalidJwtKeys::None));
        assert_eq!(error(vec![key("a", 31)]), Some(InvalidJwtKeys::TooShort("a".into())));
        assert_eq!(error(vec![key("a", 32), key("b", 0)]), Some(InvalidJwtKeys::TooShort("b".into())));
        assert_eq!(error(vec![key("", 32)]), Some(InvalidJwtKeys::IdLength(0)));
        assert_eq!(error(vec![key(&"i".repeat(65), 32)]), Some(InvalidJwtKeys::IdLength(65)));
        let twice = vec![key("a", 32), key("b", 32), key("a", 64)];
        assert_eq!(error(twice), Some(InvalidJwtKeys::SameId("a".into())));
        assert_eq!(error(vec![key("a", 32), key("A", 32), key(&"i".repeat(64), 100)]), None);
    }

    #[test]
    fn an_error_contains_no_secret() {
        let errors = [
            InvalidJwtKeys::None,
            InvalidJwtKeys::IdLength(65),
            InvalidJwtKeys::TooShort("a".into()),
            InvalidJwtKeys::SameId("a".into()),
        ];
        assert_eq!(
            errors.map(|error| error.to_string()),
            [
                "there is no key",
                "a key's id has 65 bytes, and must have from 1 to 64",
                "the key `a` has fewer than 32 bytes",
                "two keys have the id `a`",
            ]
        );
    }
}
