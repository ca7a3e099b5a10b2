//! [`AdminKeyRepository`] and [`IdempotencyRepository`] by diesel.

use asteroid_identity::{
    AdminKey, AdminKeyHash, AdminKeyRepository, IdempotencyKey, IdempotencyRepository, IdempotentRequest,
};
use asteroid_kernel::{AdminKeyId, StorageError, Timestamp, UserId};
use diesel::prelude::*;
use diesel::{delete, insert_into, update};

use super::Tx;
use crate::locks::Locks;
use crate::rows::{AdminKeyRow, UnreadableColumn};
use crate::schema::{admin_keys, idempotent_requests};
use crate::sql_types::{At, Id};

impl AdminKeyRepository for Tx {
    async fn insert_admin_key(&mut self, key: &AdminKey) -> Result<(), StorageError> {
        self.execute(insert_into(admin_keys::table).values(AdminKeyRow::from(key))).await?;
        Ok(())
    }

    async fn find_admin_key(&mut self, hash: &AdminKeyHash) -> Result<Option<AdminKey>, StorageError> {
        let query =
            admin_keys::table.filter(admin_keys::hash.eq(hash.0.as_slice())).select(AdminKeyRow::as_select());
        Ok(self.first(query).await?.map(AdminKey::try_from).transpose()?)
    }

    async fn list_admin_keys(&mut self) -> Result<Vec<AdminKey>, StorageError> {
        let query = admin_keys::table
            .order((admin_keys::created_at.desc(), admin_keys::id.desc()))
            .select(AdminKeyRow::as_select());
        let keys = self.all(query).await?.into_iter().map(AdminKey::try_from);
        Ok(keys.collect::<Result<_, _>>()?)
    }

    async fn touch_admin_key(&mut self, id: AdminKeyId, at: Timestamp) -> Result<(), StorageError> {
        let last_used_at = admin_keys::last_used_at;
        let earlier = admin_keys::table
            .find(Id(id.0))
            .filter(last_used_at.is_null().or(last_used_at.lt(At(at)).assume_not_null()));
        self.execute(update(earlier).set(last_used_at.eq(At(at)))).await?;
        Ok(())
    }

    async fn revoke_admin_key(&mut self, id: AdminKeyId) -> Result<bool, StorageError> {
        Ok(self.execute(delete(admin_keys::table.find(Id(id.0)))).await? == 1)
    }
}

impl IdempotencyRepository for Tx {
    async fn lock_request(
        &mut self,
        key: &IdempotencyKey,
    ) -> Result<Option<IdempotentRequest>, StorageError> {
        self.lock_idempotency_key(&key.0).await?;
        let query = idempotent_requests::table.find(key.0.as_slice()).select((
            idempotent_requests::content,
            idempotent_requests::user_id,
            idempotent_requests::at,
        ));
        let row: Option<(Vec<u8>, i64, At)> = self.first(query).await?;
        let request = row.map(|(content, user, At(at))| {
            let content = content.try_into().map_err(|_| UnreadableColumn("idempotent_requests.content"))?;
            Ok::<_, UnreadableColumn>(IdempotentRequest { content, user: UserId(user), at })
        });
        Ok(request.transpose()?)
    }

    async fn record_request(
        &mut self,
        key: &IdempotencyKey,
        request: &IdempotentRequest,
    ) -> Result<(), StorageError> {
        let row = (
            idempotent_requests::digest.eq(key.0.as_slice()),
            idempotent_requests::content.eq(request.content.as_slice()),
            idempotent_requests::user_id.eq(request.user.0),
            idempotent_requests::at.eq(At(request.at)),
        );
        self.execute(insert_into(idempotent_requests::table).values(row)).await?;
        Ok(())
    }

    async fn forget_requests(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        self.execute(delete(idempotent_requests::table.filter(idempotent_requests::at.lt(At(before))))).await
    }
}
