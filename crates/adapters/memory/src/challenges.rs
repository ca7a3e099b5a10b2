//! [`ChallengeRepository`] in memory.

use std::cmp::Reverse;

use asteroid_kernel::{ChallengeId, ContactKey, StorageError, Timestamp};
use asteroid_verification::{Challenge, ChallengeRepository, ChallengeState, Guesser, PurposeKind};

use crate::MemoryTx;
use crate::storage::State;
use crate::table::remove_where;

impl State {
    /// The open challenges of a contact for any of these purposes, newest first.
    fn open_challenges(&self, contact: &ContactKey, purposes: &[PurposeKind]) -> Vec<Challenge> {
        let mut challenges: Vec<_> = self
            .challenges
            .values()
            .filter(|one| one.state == ChallengeState::Open)
            .filter(|one| one.contact.key() == *contact && purposes.contains(&one.purpose.kind()))
            .cloned()
            .collect();
        challenges.sort_unstable_by_key(|one| Reverse((one.created_at, one.id)));
        challenges
    }

    /// Spends these challenges. Returns their number.
    fn spend(&mut self, challenges: Vec<Challenge>, now: Timestamp) -> u64 {
        let count = challenges.len() as u64;
        for challenge in challenges {
            let spent = Challenge { state: ChallengeState::Spent { at: now }, ..challenge };
            self.challenges.insert(spent.id, spent);
        }
        count
    }
}

impl ChallengeRepository for MemoryTx {
    async fn insert_challenge(&mut self, challenge: &Challenge) -> Result<(), StorageError> {
        self.state_mut()?.challenges.insert(challenge.id, challenge.clone());
        Ok(())
    }

    async fn find_challenge(&mut self, id: ChallengeId) -> Result<Option<Challenge>, StorageError> {
        Ok(self.state().challenges.get(&id).cloned())
    }

    async fn open_challenges(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        now: Timestamp,
    ) -> Result<Vec<Challenge>, StorageError> {
        let mut open = self.state().open_challenges(contact, purposes);
        open.retain(|one| !one.is_expired(now));
        Ok(open)
    }

    async fn count_guess(
        &mut self,
        contact: &ContactKey,
        purpose: PurposeKind,
        guesser: Guesser,
        tries: u32,
        now: Timestamp,
    ) -> Result<u64, StorageError> {
        let state = self.state_mut()?;
        let mut counted = state.open_challenges(contact, &[purpose]);
        counted.retain(|one| !one.is_expired(now));
        let count = counted.len() as u64;
        for mut challenge in counted {
            challenge.guesses += tries;
            challenge.stranger_guesses += if guesser == Guesser::Stranger { tries } else { 0 };
            state.challenges.insert(challenge.id, challenge);
        }
        Ok(count)
    }

    async fn end_expired_challenges(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        now: Timestamp,
    ) -> Result<u64, StorageError> {
        let state = self.state_mut()?;
        let mut expired = state.open_challenges(contact, purposes);
        expired.retain(|one| one.is_expired(now));
        Ok(state.spend(expired, now))
    }

    async fn spend_challenge(&mut self, id: ChallengeId, now: Timestamp) -> Result<bool, StorageError> {
        let challenge = self.state_mut()?.challenges.get_mut(&id);
        let Some(open) = challenge.filter(|one| one.state == ChallengeState::Open) else { return Ok(false) };
        open.state = ChallengeState::Spent { at: now };
        Ok(true)
    }

    async fn end_challenges(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        now: Timestamp,
    ) -> Result<u64, StorageError> {
        let state = self.state_mut()?;
        let open = state.open_challenges(contact, purposes);
        Ok(state.spend(open, now))
    }

    async fn remove_challenges(&mut self, contact: &ContactKey) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.challenges, |_, one| one.contact.key() == *contact))
    }

    async fn remove_expired_challenges(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.challenges, |_, one| one.is_expired(now)))
    }
}
