use asteroid_kernel::{ChallengeId, ContactKey, StorageError, Timestamp};

use crate::{Challenge, ChallengeRules, PurposeKind};

/// The origin of a guess, which decides how many guesses are left ([`ChallengeRules::stranger_guesses`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guesser {
    /// An address that requested one of the live codes.
    Asker,
    /// Any other address.
    Stranger,
}

asteroid_kernel::repository! {
    /// Stores challenges. *Live* means [`Challenge::is_live`].
    pub trait ChallengeRepository {
        /// Inserts a challenge.
        write fn insert_challenge(&mut self, challenge: &Challenge) -> Result<(), StorageError>;

        /// The challenge of this id, live or not; [`None`] if there is none.
        read fn find_challenge(&mut self, id: ChallengeId) -> Result<Option<Challenge>, StorageError>;

        /// The live challenges of a contact for any of these purposes, newest first.
        read fn live_challenges(
            &mut self,
            contact: &ContactKey,
            purposes: &[PurposeKind],
            rules: &ChallengeRules,
            now: Timestamp,
        ) -> Result<Vec<Challenge>, StorageError>;

        /// Counts one guess against every live challenge of a contact for any of these purposes. Returns the challenges
        /// that it was counted against, with the guess included, newest first.
        ///
        /// A stranger's guess counts in both counts, and only against challenges with guesses left for strangers.
        /// Counting is atomic: concurrent guesses never count more often than guesses are left.
        write fn count_guess(
            &mut self,
            contact: &ContactKey,
            purposes: &[PurposeKind],
            guesser: Guesser,
            rules: &ChallengeRules,
            now: Timestamp,
        ) -> Result<Vec<Challenge>, StorageError>;

        /// Spends an open challenge, including one whose last guess was just counted. `false` if it was spent before: of
        /// several concurrent calls, one succeeds.
        write fn spend_challenge(&mut self, id: ChallengeId, now: Timestamp) -> Result<bool, StorageError>;

        /// Spends every open challenge of a contact for any of these purposes. Returns their number.
        write fn end_challenges(
            &mut self,
            contact: &ContactKey,
            purposes: &[PurposeKind],
            now: Timestamp,
        ) -> Result<u64, StorageError>;

        /// Removes the challenges that expired at `now` or before. Returns their number.
        write fn remove_expired_challenges(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }
}
