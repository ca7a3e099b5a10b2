//! [`TombstoneRepository`] in memory.

use std::collections::BTreeSet;

use asteroid_identity::{Tombstone, TombstoneRepository};
use asteroid_kernel::{StorageError, Timestamp};

use crate::MemoryTx;

impl TombstoneRepository for MemoryTx {
    async fn insert_tombstone(&mut self, tombstone: &Tombstone, _at: Timestamp) -> Result<(), StorageError> {
        self.state_mut()?.tombstones.insert(tombstone.clone());
        Ok(())
    }

    async fn has_tombstone(&mut self, candidates: &[Tombstone]) -> Result<bool, StorageError> {
        Ok(candidates.iter().any(|tombstone| self.state().tombstones.contains(tombstone)))
    }

    async fn tombstone_keys(&mut self) -> Result<Vec<String>, StorageError> {
        let ids = self.state().tombstones.iter().map(|tombstone| tombstone.key_id.clone());
        Ok(ids.collect::<BTreeSet<_>>().into_iter().collect())
    }
}
