//! Requests that create something once, however often they are sent.

use asteroid_kernel::{StorageError, Timestamp, UserId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::AdminKeySecret;

/// Names a request of a program that creates something (draft-ietf-httpapi-idempotency-key-header): the HMAC-SHA-256 of the key
/// that the program made for the request, under the secret of the program. What the program made may be personal, so it is not
/// stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(pub [u8; 32]);

/// A request that created a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// The HMAC-SHA-256 of the content of the request under the secret of the program: another content under the same key is a
    /// mistake of the program. The content may hold a password, which an unkeyed digest would let be guessed fast.
    pub content: [u8; 32],
    /// The user whom it created.
    pub user: UserId,
    /// When it did.
    pub at: Timestamp,
}

impl IdempotentRequest {
    /// The digest of a content that the program of this secret sent.
    #[must_use]
    pub fn digest_of(secret: &AdminKeySecret, content: &[u8]) -> [u8; 32] {
        digest(secret, b"asteroid content of a request\0", content)
    }
}

impl IdempotencyKey {
    /// The key of a request of the program of this secret.
    #[must_use]
    pub fn new(secret: &AdminKeySecret, key: &str) -> Self {
        Self(digest(secret, b"asteroid idempotency key\0", key.as_bytes()))
    }
}

fn digest(secret: &AdminKeySecret, purpose: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of every length");
    mac.update(purpose);
    mac.update(text);
    mac.finalize().into_bytes().into()
}

asteroid_kernel::repository! {
    /// Stores the requests that created something.
    pub trait IdempotencyRepository {
        /// The request under this key; [`None`] if there is none. Locks the key until the transaction ends: of several
        /// concurrent requests under one key, the second one finds the first.
        write fn lock_request(&mut self, key: &IdempotencyKey) -> Result<Option<IdempotentRequest>, StorageError>;

        /// Records the request under a key that was locked, and that has none.
        write fn record_request(
            &mut self,
            key: &IdempotencyKey,
            request: &IdempotentRequest,
        ) -> Result<(), StorageError>;

        /// Removes the requests before this time. Returns their number.
        write fn forget_requests(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::mocks::CountingRandomness;
    use sha2::Digest;

    use super::*;

    #[test]
    fn keys_of_two_programs_differ() {
        let randomness = CountingRandomness::default();
        let (one, other) = (AdminKeySecret::new(&randomness), AdminKeySecret::new(&randomness));
        assert_eq!(IdempotencyKey::new(&one, "order 1"), IdempotencyKey::new(&one, "order 1"));
        assert_ne!(IdempotencyKey::new(&one, "order 1"), IdempotencyKey::new(&one, "order 2"));
        assert_ne!(IdempotencyKey::new(&one, "order 1"), IdempotencyKey::new(&other, "order 1"));
    }

    #[test]
    fn a_content_cannot_be_guessed_from_its_digest_without_the_secret() {
        let randomness = CountingRandomness::default();
        let (one, other) = (AdminKeySecret::new(&randomness), AdminKeySecret::new(&randomness));
        let content = br#"{"contacts":["a@example.com"],"password":"s3cret"}"#;
        let digest = IdempotentRequest::digest_of(&one, content);
        assert_eq!(digest, IdempotentRequest::digest_of(&one, content));
        assert_ne!(digest, IdempotentRequest::digest_of(&one, b"{}"));
        assert_ne!(digest, IdempotentRequest::digest_of(&other, content));
        assert_ne!(digest, <[u8; 32]>::from(Sha256::digest(content)));
        let text = std::str::from_utf8(content).expect("a text");
        assert_ne!(digest, IdempotencyKey::new(&one, text).0);
    }
}
