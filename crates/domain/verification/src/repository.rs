use asteroid_kernel::{ChallengeId, ContactKey, StorageError, Timestamp};

use crate::{Challenge, ChallengeRules, PurposeKind};

/// Who guesses: it decides how many guesses are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guesser {
    /// Somebody at an address from which the code was asked for.
    Asker,
    /// Anybody else.
    Stranger,
}

asteroid_kernel::repository! {
    /// Keeps challenges. *Live* is what [`Challenge::is_live`] says.
    pub trait ChallengeRepository {
        /// Keeps a new challenge.
        write fn insert_challenge(&mut self, challenge: &Challenge) -> Result<(), StorageError>;

        /// A challenge by its id, live or not.
        read fn find_challenge(&mut self, id: ChallengeId) -> Result<Option<Challenge>, StorageError>;

        /// The live challenges of a contact for any of these purposes, the newest first.
        read fn live_challenges(
            &mut self,
            contact: &ContactKey,
            purposes: &[PurposeKind],
            rules: &ChallengeRules,
            now: Timestamp,
        ) -> Result<Vec<Challenge>, StorageError>;

        /// Counts one guess against every live challenge of a contact for any of these purposes, and gives those
        /// that it was counted against, with the guess counted already, the newest first.
        ///
        /// A stranger's guess is counted in both counts, and against those challenges alone whose strangers have
        /// guesses left. Counting is atomic: of guesses made at once, no more come through than are left.
        write fn count_guess(
            &mut self,
            contact: &ContactKey,
            purposes: &[PurposeKind],
            guesser: Guesser,
            rules: &ChallengeRules,
            now: Timestamp,
        ) -> Result<Vec<Challenge>, StorageError>;

        /// Spends an open challenge, also one that has just borne its last guess. False if it was spent already: of several
        /// that try at once, one succeeds.
        write fn spend_challenge(&mut self, id: ChallengeId, now: Timestamp) -> Result<bool, StorageError>;

        /// Spends every open challenge of a contact for any of these purposes; says how many.
        write fn end_challenges(
            &mut self,
            contact: &ContactKey,
            purposes: &[PurposeKind],
            now: Timestamp,
        ) -> Result<u64, StorageError>;

        /// Removes the challenges that had expired by then; says how many.
        write fn remove_expired_challenges(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }
}
