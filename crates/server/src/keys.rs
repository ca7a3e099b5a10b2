//! What is built from the keys of the key file.

use asteroid_identity::{TombstoneKey, TombstoneKeys};
use asteroid_jwt::{InvalidJwtKeys, JwtKey, JwtSigner};
use asteroid_keyring::SecretKey;

/// A signer with these keys, the signing one first.
///
/// # Errors
///
/// If a key is too short, or two have the same id.
pub(crate) fn token_signer(keys: Vec<SecretKey>) -> Result<JwtSigner, InvalidJwtKeys> {
    let keys = keys.into_iter().map(|SecretKey { id, secret }| JwtKey { id, secret });
    JwtSigner::new(keys.collect())
}

/// These keys of tombstones, the current one first.
pub(crate) fn tombstone_keys(keys: Vec<SecretKey>) -> TombstoneKeys {
    let keys = keys.into_iter().map(|SecretKey { id, secret }| TombstoneKey { id, secret });
    TombstoneKeys::new(keys.collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use asteroid_identity::{TokenClaims, TokenSigner};
    use asteroid_kernel::{Timestamp, UserId};

    use super::*;

    fn key(id: &str, bytes: usize) -> SecretKey {
        SecretKey { id: id.to_owned(), secret: id.bytes().cycle().take(bytes).collect::<Vec<_>>().into() }
    }

    fn signer(keys: Vec<SecretKey>) -> JwtSigner {
        token_signer(keys).expect("valid keys")
    }

    #[test]
    fn token_of_an_older_key_is_read_after_rotation() {
        let issued_at = Timestamp::from_micros(0);
        let session = "0184a5c3-d3b0-7000-8000-000000000019".parse().expect("an id");
        let expires_at = issued_at + Duration::from_hours(24);
        let claims = TokenClaims { user: UserId(25), session, issued_at, expires_at };
        let token = signer(vec![key("old", 32)]).sign(&claims).expect("signed");
        let rotated = signer(vec![key("new", 32), key("old", 32)]);
        assert_eq!(rotated.read(&token, issued_at), Some(claims));
        assert_ne!(rotated.sign(&claims).expect("signed"), token, "the new key signs");
        assert_eq!(signer(vec![key("new", 32)]).read(&token, issued_at), None);
    }

    #[test]
    fn short_and_repeated_token_keys_are_refused() {
        let error = |keys| token_signer(keys).expect_err("refused").to_string();
        assert_eq!(error(vec![key("a", 31)]), "the key `a` has fewer than 32 bytes");
        assert_eq!(error(vec![key("a", 32), key("a", 33)]), "two keys have the id `a`");
    }
}
