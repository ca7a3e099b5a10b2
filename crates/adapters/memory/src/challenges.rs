//! [`ChallengeRepository`] in memory.

use std::cmp::Reverse;

use asteroid_kernel::{ChallengeId, ContactKey, StorageError, Timestamp};
use asteroid_verification::{
    Challenge, ChallengeRepository, ChallengeRules, ChallengeState, Guesser, PurposeKind,
};

use crate::MemoryTx;
use crate::storage::State;
use crate::table::remove_where;

impl State {
    /// The challenges of a contact for any of these purposes, newest first.
    fn challenges_for(&self, contact: &ContactKey, purposes: &[PurposeKind]) -> Vec<Challenge> {
        let mut challenges: Vec<_> = self
            .challenges
            .values()
            .filter(|one| one.contact.key() == *contact && purposes.contains(&one.purpose.kind()))
            .cloned()
            .collect();
        challenges.sort_unstable_by_key(|one| Reverse((one.created_at, one.id)));
        challenges
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

    async fn live_challenges(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        rules: &ChallengeRules,
        now: Timestamp,
    ) -> Result<Vec<Challenge>, StorageError> {
        let mut challenges = self.state().challenges_for(contact, purposes);
        challenges.retain(|one| one.is_live(now, rules));
        Ok(challenges)
    }

    async fn count_guess(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        guesser: Guesser,
        rules: &ChallengeRules,
        now: Timestamp,
    ) -> Result<Vec<Challenge>, StorageError> {
        let state = self.state_mut()?;
        let mut counted = state.challenges_for(contact, purposes);
        counted.retain(|one| {
            let has_guesses = guesser == Guesser::Asker || one.stranger_guesses < rules.stranger_guesses;
            one.is_live(now, rules) && has_guesses
        });
        for challenge in &mut counted {
            challenge.guesses += 1;
            challenge.stranger_guesses += u32::from(guesser == Guesser::Stranger);
            state.challenges.insert(challenge.id, challenge.clone());
        }
        Ok(counted)
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
        let mut open = state.challenges_for(contact, purposes);
        open.retain(|one| one.state == ChallengeState::Open);
        let ended = open.len() as u64;
        for mut challenge in open {
            challenge.state = ChallengeState::Spent { at: now };
            state.challenges.insert(challenge.id, challenge);
        }
        Ok(ended)
    }

    async fn remove_expired_challenges(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.challenges, |one| one.expires_at <= now))
    }
}
