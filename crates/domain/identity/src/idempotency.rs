//! Requests that create something once, however often they are sent.

use asteroid_kernel::{AdminKeyId, StorageError, Timestamp, UserId};
use sha2::{Digest, Sha256};

/// Names a request of a program that creates something (draft-ietf-httpapi-idempotency-key-header): the digest of the program's
/// admin key and of the key that the program made for the request. What the program made may be personal, so it is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(pub [u8; 32]);

/// A request that created a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// The digest of the content of the request: another content under the same key is a mistake of the program.
    pub content: [u8; 32],
    /// The user whom it created.
    pub user: UserId,
    /// When it did.
    pub at: Timestamp,
}

impl IdempotentRequest {
    /// The digest of a content.
    #[must_use]
    pub fn digest_of(content: &[u8]) -> [u8; 32] {
        Sha256::digest(content).into()
    }
}

impl IdempotencyKey {
    /// The key of a request of this program.
    #[must_use]
    pub fn new(program: AdminKeyId, key: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(program.0.as_bytes());
        digest.update(key.as_bytes());
        Self(digest.finalize().into())
    }
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

    use super::*;

    #[test]
    fn keys_of_two_programs_differ() {
        let randomness = CountingRandomness::default();
        let program = || AdminKeyId::new(Timestamp::from_micros(0), &randomness);
        let (one, other) = (program(), program());
        assert_eq!(IdempotencyKey::new(one, "order 1"), IdempotencyKey::new(one, "order 1"));
        assert_ne!(IdempotencyKey::new(one, "order 1"), IdempotencyKey::new(one, "order 2"));
        assert_ne!(IdempotencyKey::new(one, "order 1"), IdempotencyKey::new(other, "order 1"));
    }
}
