//! [`AdminKeyRepository`] and [`IdempotencyRepository`] in memory.

use asteroid_identity::{
    AdminKey, AdminKeyHash, AdminKeyRepository, IdempotencyKey, IdempotencyRepository, IdempotentRequest,
};
use asteroid_kernel::{AdminKeyId, StorageError, Timestamp};

use crate::MemoryTx;
use crate::table::remove_where;

impl AdminKeyRepository for MemoryTx {
    async fn insert_admin_key(&mut self, key: &AdminKey) -> Result<(), StorageError> {
        self.state_mut()?.admin_keys.insert(key.id, key.clone());
        Ok(())
    }

    async fn find_admin_key(&mut self, hash: &AdminKeyHash) -> Result<Option<AdminKey>, StorageError> {
        Ok(self.state().admin_keys.values().find(|key| key.hash == *hash).cloned())
    }

    async fn list_admin_keys(&mut self) -> Result<Vec<AdminKey>, StorageError> {
        let mut keys: Vec<AdminKey> = self.state().admin_keys.values().cloned().collect();
        keys.sort_unstable_by_key(|key| std::cmp::Reverse((key.created_at, key.id)));
        Ok(keys)
    }

    async fn touch_admin_key(&mut self, id: AdminKeyId, at: Timestamp) -> Result<(), StorageError> {
        if let Some(key) = self.state_mut()?.admin_keys.get_mut(&id) {
            key.last_used_at = key.last_used_at.max(Some(at));
        }
        Ok(())
    }

    async fn revoke_admin_key(&mut self, id: AdminKeyId) -> Result<bool, StorageError> {
        Ok(self.state_mut()?.admin_keys.remove(&id).is_some())
    }
}

impl IdempotencyRepository for MemoryTx {
    async fn lock_request(
        &mut self,
        key: &IdempotencyKey,
    ) -> Result<Option<IdempotentRequest>, StorageError> {
        Ok(self.state_mut()?.idempotent_requests.get(key).copied())
    }

    async fn record_request(
        &mut self,
        key: &IdempotencyKey,
        request: &IdempotentRequest,
    ) -> Result<(), StorageError> {
        self.state_mut()?.idempotent_requests.insert(*key, *request);
        Ok(())
    }

    async fn forget_requests(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.idempotent_requests, |_, request| request.at < before))
    }
}
