//! Mocks of this crate's ports, made with mockall: every call that a test does not expect fails it.

use asteroid_kernel::{ChallengeId, ContactKey, StorageError, Timestamp};

use crate::{Challenge, ChallengeRepository, ChallengeRules, CodeKey, CodeKeys, Guesser, PurposeKind};

mockall::mock! {
    /// Every repository of this crate.
    pub VerificationTx {}

    impl ChallengeRepository for VerificationTx {
        async fn insert_challenge(&mut self, challenge: &Challenge) -> Result<(), StorageError>;
        async fn find_challenge(&mut self, id: ChallengeId) -> Result<Option<Challenge>, StorageError>;
        async fn live_challenges(&mut self, contact: &ContactKey, purposes: &[PurposeKind], rules: &ChallengeRules, now: Timestamp) -> Result<Vec<Challenge>, StorageError>;
        async fn count_guess(&mut self, contact: &ContactKey, purposes: &[PurposeKind], guesser: Guesser, rules: &ChallengeRules, now: Timestamp) -> Result<Vec<Challenge>, StorageError>;
        async fn spend_challenge(&mut self, id: ChallengeId, now: Timestamp) -> Result<bool, StorageError>;
        async fn end_challenges(&mut self, contact: &ContactKey, purposes: &[PurposeKind], now: Timestamp) -> Result<u64, StorageError>;
        async fn remove_expired_challenges(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }
}

/// Keys for tests, which anyone can read here.
///
/// # Panics
///
/// Never: the keys are good.
#[must_use]
pub fn sample_keys() -> CodeKeys {
    let secret = b"a key for tests, known to anyone".to_vec().into();
    CodeKeys::new(vec![CodeKey { id: "sample".into(), secret }]).expect("a good key")
}
