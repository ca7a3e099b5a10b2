//! [`TombstoneRepository`] by diesel.

use asteroid_identity::{Tombstone, TombstoneRepository};
use asteroid_kernel::{StorageError, Timestamp};
use diesel::insert_into;
use diesel::prelude::*;

use super::Tx;
use crate::schema::tombstones::{deleted_at, digest, key_id, table};
use crate::sql_types::At;

impl TombstoneRepository for Tx {
    async fn insert_tombstone(&mut self, tombstone: &Tombstone, at: Timestamp) -> Result<(), StorageError> {
        let Tombstone { key_id: key, digest: hash } = tombstone;
        let new = (digest.eq(hash.as_slice()), key_id.eq(key), deleted_at.eq(At(at)));
        self.execute(insert_into(table).values(new).on_conflict(digest).do_nothing()).await?;
        Ok(())
    }

    async fn has_tombstone(&mut self, candidates: &[Tombstone]) -> Result<bool, StorageError> {
        let digests: Vec<&[u8]> = candidates.iter().map(|tombstone| tombstone.digest.as_slice()).collect();
        let found =
            self.first::<String, _>(table.filter(digest.eq_any(digests)).select(key_id).limit(1)).await?;
        Ok(found.is_some())
    }

    async fn tombstone_keys(&mut self) -> Result<Vec<String>, StorageError> {
        let mut ids: Vec<String> = self.all(table.select(key_id).distinct()).await?;
        // Databases collate differently.
        ids.sort_unstable();
        Ok(ids)
    }
}
