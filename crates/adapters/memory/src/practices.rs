use asteroid_clients::{Membership, MembershipRepository, Practice, PracticeId, PracticeRepository};
use asteroid_kernel::{StorageError, Upsert, UserId};

use crate::MemoryTx;
use crate::storage::UnitError;
use crate::table::put;

impl PracticeRepository for MemoryTx {
    async fn put_practice(&mut self, practice: &Practice) -> Result<Upsert, StorageError> {
        Ok(put(&mut self.state_to_change()?.practices, practice.id, practice))
    }

    async fn find_practice(&mut self, id: PracticeId) -> Result<Option<Practice>, StorageError> {
        Ok(self.state().practices.get(&id).cloned())
    }
}

impl MembershipRepository for MemoryTx {
    async fn put_membership(&mut self, membership: &Membership) -> Result<Upsert, StorageError> {
        let state = self.state_to_change()?;
        if !state.users.has(membership.user) {
            return Err(UnitError::NoUser.into());
        }
        if !state.practices.contains_key(&membership.practice) {
            return Err(UnitError::NoPractice.into());
        }
        Ok(put(&mut state.memberships, membership.user, membership))
    }

    async fn find_membership(&mut self, user: UserId) -> Result<Option<Membership>, StorageError> {
        Ok(self.state().memberships.get(&user).cloned())
    }
}
