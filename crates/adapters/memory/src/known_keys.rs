//! [`KeyRepository`] in memory.

use std::collections::BTreeMap;

use asteroid_kernel::{StorageError, Timestamp};
use asteroid_verification::{
    Challenge, ChallengeState, KeyIdentity, KeyKind, KeyRepository, KnownKey, OpenCodes,
};

use crate::MemoryTx;

fn is_open(challenge: &Challenge, now: Timestamp) -> bool {
    challenge.state == ChallengeState::Open && challenge.expires_at > now
}

impl KeyRepository for MemoryTx {
    async fn known_keys(&mut self) -> Result<Vec<KnownKey>, StorageError> {
        Ok(self.state().known_keys.values().cloned().collect())
    }

    async fn lock_known_keys(&mut self) -> Result<Vec<KnownKey>, StorageError> {
        // There is one writer.
        Ok(self.state_mut()?.known_keys.values().cloned().collect())
    }

    async fn record_key(&mut self, key: &KeyIdentity, now: Timestamp) -> Result<(), StorageError> {
        let known = KnownKey { key: key.clone(), recorded_at: now };
        self.state_mut()?.known_keys.entry((key.kind, key.id.clone())).or_insert(known);
        Ok(())
    }

    async fn forget_key(&mut self, kind: KeyKind, id: &str) -> Result<bool, StorageError> {
        Ok(self.state_mut()?.known_keys.remove(&(kind, id.to_owned())).is_some())
    }

    async fn open_codes(&mut self, now: Timestamp) -> Result<Vec<OpenCodes>, StorageError> {
        let mut by_key: BTreeMap<&str, OpenCodes> = BTreeMap::new();
        for open in self.state().challenges.values().filter(|one| is_open(one, now)) {
            let none = || OpenCodes { key_id: open.key_id.clone(), count: 0, until: open.expires_at };
            let codes = by_key.entry(&open.key_id).or_insert_with(none);
            codes.count += 1;
            codes.until = codes.until.max(open.expires_at);
        }
        Ok(by_key.into_values().collect())
    }

    async fn end_codes_of_key(&mut self, id: &str, now: Timestamp) -> Result<u64, StorageError> {
        let state = self.state_mut()?;
        let of_key = |one: &&Challenge| one.key_id == id && is_open(one, now);
        let open: Vec<Challenge> = state.challenges.values().filter(of_key).cloned().collect();
        let ended = open.len() as u64;
        for mut challenge in open {
            challenge.state = ChallengeState::Spent { at: now };
            state.challenges.insert(challenge.id, challenge);
        }
        Ok(ended)
    }
}
