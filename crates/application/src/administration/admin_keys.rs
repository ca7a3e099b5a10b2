//! Keys of programs that administer: making, listing, revoking, and checking them.

use std::collections::BTreeSet;
use std::time::Duration;

use asteroid_audit::{Action, AuditRepository};
use asteroid_identity::{AdminKey, AdminKeyHash, AdminKeyName, AdminKeyRepository, AdminKeySecret, Scope};
use asteroid_kernel::{AdminKeyId, Storage, StorageError, Timestamp, UnitOfWork, unit_of_work};

use super::{AdministrationRepositories, Administrators};
use crate::operator::{Act, Operator};

/// A key to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAdminKey {
    /// The name.
    pub name: AdminKeyName,
    /// What the key allows.
    pub scopes: BTreeSet<Scope>,
    /// How long the key works.
    pub lifetime: Duration,
}

/// A key that was made. Its secret is not shown again.
#[derive(Clone, Debug)]
pub struct CreatedAdminKey {
    /// The key.
    pub key: AdminKey,
    /// Its secret.
    pub secret: AdminKeySecret,
}

/// Why a program is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateAdminKeyError {
    /// There is no live key of this secret.
    #[error("there is no such admin key, or it has expired")]
    Unauthenticated,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

struct CreateKey {
    act: Act,
    key: AdminKey,
}

impl<Tx: AdminKeyRepository + AuditRepository + Send> UnitOfWork<Tx> for CreateKey {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<(), StorageError> {
        tx.insert_admin_key(&self.key).await?;
        tx.record_event(&self.act.event(Action::CreateAdminKey)).await
    }
}

struct RevokeKey {
    act: Act,
    id: AdminKeyId,
}

impl<Tx: AdminKeyRepository + AuditRepository + Send> UnitOfWork<Tx> for RevokeKey {
    type Output = bool;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StorageError> {
        let revoked = tx.revoke_admin_key(self.id).await?;
        if revoked {
            tx.record_event(&self.act.event(Action::RevokeAdminKey)).await?;
        }
        Ok(revoked)
    }
}

impl<S: Storage<Tx: AdministrationRepositories>, H> Administrators<S, H> {
    pub(super) async fn create_key(
        &self,
        new: NewAdminKey,
        operator: Operator,
    ) -> Result<CreatedAdminKey, StorageError> {
        let act = self.act(operator);
        let secret = AdminKeySecret::new(&*self.randomness);
        let NewAdminKey { name, scopes, lifetime } = new;
        let key = AdminKey {
            id: AdminKeyId::new(act.now, &*self.randomness),
            hash: secret.hash(),
            name,
            scopes,
            created_at: act.now,
            expires_at: act.now + lifetime,
            last_used_at: None,
        };
        self.storage.write(CreateKey { act, key: key.clone() }).await?;
        Ok(CreatedAdminKey { key, secret })
    }

    pub(super) async fn list_keys(&self) -> Result<Vec<AdminKey>, StorageError> {
        self.storage.read(unit_of_work((), |(), tx: &mut S::Tx| Box::pin(tx.list_admin_keys()))).await
    }

    pub(super) async fn revoke_key(&self, id: AdminKeyId, operator: Operator) -> Result<bool, StorageError> {
        self.storage.write(RevokeKey { act: self.act(operator), id }).await
    }

    pub(super) async fn authenticate_key(
        &self,
        secret: &AdminKeySecret,
    ) -> Result<AdminKey, AuthenticateAdminKeyError> {
        let now = self.clock.now();
        let find = unit_of_work(secret.hash(), |hash: &AdminKeyHash, tx: &mut S::Tx| {
            Box::pin(tx.find_admin_key(hash))
        });
        let found = self.storage.read(find).await?;
        let key = found.filter(|key| key.is_live(now)).ok_or(AuthenticateAdminKeyError::Unauthenticated)?;
        if key.is_touch_due(now) {
            let touch = unit_of_work((key.id, now), |(id, now): &(AdminKeyId, Timestamp), tx: &mut S::Tx| {
                Box::pin(tx.touch_admin_key(*id, *now))
            });
            if let Err(error) = self.storage.write(touch).await {
                // What only reads must go on though nothing can be written now, as on a full disk.
                tracing::warn!(%error, "the use of an admin key could not be written down");
            }
        }
        Ok(key)
    }
}
