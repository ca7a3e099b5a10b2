use std::future::Future;

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

/// Keeps challenges. *Live* is what [`Challenge::is_live`] says.
pub trait ChallengeRepository: Send {
    /// Keeps a new challenge.
    fn insert_challenge(
        &mut self,
        challenge: &Challenge,
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// A challenge by its id, live or not.
    fn find_challenge(
        &mut self,
        id: ChallengeId,
    ) -> impl Future<Output = Result<Option<Challenge>, StorageError>> + Send;

    /// The live challenges of a contact for any of these purposes, the newest first.
    fn live_challenges(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        rules: &ChallengeRules,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Challenge>, StorageError>> + Send;

    /// Counts one guess against every live challenge of a contact for any of these purposes, and gives those
    /// that it was counted against, with the guess counted already, the newest first.
    ///
    /// A stranger's guess is counted in both counts, and against those challenges alone whose strangers have
    /// guesses left. Counting is atomic: of guesses made at once, no more come through than are left.
    fn count_guess(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        guesser: Guesser,
        rules: &ChallengeRules,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Challenge>, StorageError>> + Send;

    /// Spends an open challenge, also one that has just borne its last guess. False if it was spent already: of several
    /// that try at once, one succeeds.
    fn spend_challenge(
        &mut self,
        id: ChallengeId,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StorageError>> + Send;

    /// Spends every open challenge of a contact for any of these purposes; says how many.
    fn end_challenges(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, StorageError>> + Send;

    /// Removes the challenges that had expired by then; says how many.
    fn remove_expired_challenges(
        &mut self,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, StorageError>> + Send;
}
