//! [`KeyRepository`] by diesel.

use asteroid_kernel::{StorageError, Timestamp};
use asteroid_verification::{KeyIdentity, KeyKind, KeyRepository, KnownKey, OpenCodes};
use diesel::prelude::*;
use diesel::{delete, insert_into, update};

use super::Tx;
use crate::locks::Locks;
use crate::rows::KnownKeyRow;
use crate::schema::challenges::{self, expires_at, key_id, spent_at};
use crate::schema::key_fingerprints::{self, id, kind};
use crate::sql_types::At;

impl KeyRepository for Tx {
    async fn known_keys(&mut self) -> Result<Vec<KnownKey>, StorageError> {
        let query = key_fingerprints::table.select(KnownKeyRow::as_select());
        let keys = self.all(query).await?.into_iter().map(KnownKey::try_from);
        let mut keys = keys.collect::<Result<Vec<_>, _>>()?;
        // Databases collate text differently.
        keys.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        Ok(keys)
    }

    async fn lock_known_keys(&mut self) -> Result<Vec<KnownKey>, StorageError> {
        self.lock_keys().await?;
        self.known_keys().await
    }

    async fn record_key(&mut self, key: &KeyIdentity, now: Timestamp) -> Result<(), StorageError> {
        let record = insert_into(key_fingerprints::table)
            .values(KnownKeyRow::new(key, now))
            .on_conflict((kind, id))
            .do_nothing();
        self.execute(record).await?;
        Ok(())
    }

    async fn forget_key(&mut self, of: KeyKind, key: &str) -> Result<bool, StorageError> {
        let forget = delete(key_fingerprints::table.find((of.as_str(), key.to_owned())));
        Ok(self.execute(forget).await? == 1)
    }

    async fn open_codes(&mut self, now: Timestamp) -> Result<Vec<OpenCodes>, StorageError> {
        let open = || challenges::table.filter(spent_at.is_null()).filter(expires_at.gt(At(now)));
        let mut keys: Vec<String> = self.all(open().select(key_id).distinct()).await?;
        keys.sort_unstable();
        let mut codes = Vec::new();
        for key in keys {
            let count: i64 = self.one(open().filter(key_id.eq(key.clone())).count()).await?;
            let last = open().filter(key_id.eq(key.clone())).order(expires_at.desc()).select(expires_at);
            let last: Option<At> = self.first(last.limit(1)).await?;
            let until = last.map(|at| at.0);
            codes.extend(until.map(|until| OpenCodes { key_id: key, count: count.unsigned_abs(), until }));
        }
        Ok(codes)
    }

    async fn end_codes_of_key(&mut self, key: &str, now: Timestamp) -> Result<u64, StorageError> {
        let open = challenges::table
            .filter(key_id.eq(key.to_owned()))
            .filter(spent_at.is_null())
            .filter(expires_at.gt(At(now)));
        self.execute(update(open).set(spent_at.eq(At(now)))).await
    }
}
