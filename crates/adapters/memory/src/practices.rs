use asteroid_clients::{
    ClientKey, Membership, MembershipRepository, Practice, PracticeId, PracticeRepository,
};
use asteroid_kernel::{StorageError, Upsert, UserId};
use imbl::OrdMap;

use crate::MemoryTx;
use crate::storage::UnitError;
use crate::table::put;

/// What users are in practices.
#[derive(Clone, Default)]
pub(crate) struct Memberships {
    by_age: OrdMap<u64, Membership>,
    ages: OrdMap<(UserId, PracticeId), u64>,
}

impl Memberships {
    fn put(&mut self, membership: &Membership) -> Upsert {
        let next = self.by_age.get_max().map_or(0, |(age, _)| age + 1);
        let age = *self.ages.entry((membership.user, membership.practice)).or_insert(next);
        put(&mut self.by_age, age, membership)
    }

    /// All of them, the oldest first.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Membership> {
        self.by_age.values()
    }
}

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
        Ok(state.memberships.put(membership))
    }

    async fn find_membership(
        &mut self,
        user: UserId,
        practice: Option<PracticeId>,
    ) -> Result<Option<Membership>, StorageError> {
        let memberships = &self.state().memberships;
        let wanted = |age: &u64| memberships.by_age.get(age).cloned();
        if let Some(practice) = practice {
            return Ok(memberships.ages.get(&(user, practice)).and_then(wanted));
        }
        let of_user = memberships.ages.range((user, PracticeId(i64::MIN))..=(user, PracticeId(i64::MAX)));
        Ok(of_user.map(|(_, age)| age).min().and_then(wanted))
    }

    async fn users_of_client(
        &mut self,
        practice: PracticeId,
        client: &ClientKey,
    ) -> Result<Vec<UserId>, StorageError> {
        let is_client = |one: &&Membership| {
            one.practice == practice && one.source == client.source && one.client.as_ref() == Some(&client.id)
        };
        Ok(self.state().memberships.values().filter(is_client).map(|one| one.user).collect())
    }
}
