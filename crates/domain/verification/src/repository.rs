use asteroid_kernel::{ChallengeId, ContactKey, StorageError, Timestamp};

use crate::{Challenge, PurposeKind};

/// The origin of a guess, which decides how many guesses are left ([`crate::ChallengeRules::stranger_guesses`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guesser {
    /// A network that requested one of the live codes.
    Asker,
    /// Any other network.
    Stranger,
}

asteroid_kernel::repository! {
    /// Stores challenges. *Open* and *expired* mean [`ChallengeState::Open`](crate::ChallengeState::Open) and
    /// [`Challenge::is_expired`].
    pub trait ChallengeRepository {
        /// Inserts a challenge.
        write fn insert_challenge(&mut self, challenge: &Challenge) -> Result<(), StorageError>;

        /// The challenge of this id, live or not; [`None`] if there is none.
        read fn find_challenge(&mut self, id: ChallengeId) -> Result<Option<Challenge>, StorageError>;

        /// The open challenges of a contact for any of these purposes that have not expired, newest first, with or without
        /// guesses left.
        ///
        /// In a transaction that writes, it locks the challenges of the contact until the transaction ends. So of several
        /// concurrent units of work that read them, decide and count a guess, each sees what the one before it counted.
        read fn open_challenges(
            &mut self,
            contact: &ContactKey,
            purposes: &[PurposeKind],
            now: Timestamp,
        ) -> Result<Vec<Challenge>, StorageError>;

        /// Counts a guess as this many tries, which may be 0, against every open challenge of a contact for this purpose
        /// that has not expired. A stranger's guess counts in both counts. Returns the number of these challenges.
        write fn count_guess(
            &mut self,
            contact: &ContactKey,
            purpose: PurposeKind,
            guesser: Guesser,
            tries: u32,
            now: Timestamp,
        ) -> Result<u64, StorageError>;

        /// Spends every open challenge of a contact for any of these purposes that has expired, so that it stays expired
        /// when the clock is set back. Returns their number.
        write fn end_expired_challenges(
            &mut self,
            contact: &ContactKey,
            purposes: &[PurposeKind],
            now: Timestamp,
        ) -> Result<u64, StorageError>;

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

        /// Removes all challenges of this contact, open or not. Returns their number.
        write fn remove_challenges(&mut self, contact: &ContactKey) -> Result<u64, StorageError>;

        /// Removes the challenges that have expired, spent or not. Returns their number.
        write fn remove_expired_challenges(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }
}
