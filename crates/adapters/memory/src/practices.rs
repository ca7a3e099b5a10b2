//! [`PracticeRepository`] and [`MembershipRepository`] in memory.

use asteroid_clients::{
    ClientKey, Membership, MembershipRepository, Practice, PracticeId, PracticeRepository,
};
use asteroid_kernel::{StorageError, Upsert, UserId};
use imbl::OrdMap;

use crate::MemoryTx;
use crate::storage::UnitError;
use crate::table::upsert;

/// All memberships, numbered in the order of creation.
#[derive(Clone, Default)]
pub(crate) struct Memberships {
    by_number: OrdMap<u64, Membership>,
    numbers: OrdMap<(UserId, PracticeId), u64>,
}

impl Memberships {
    fn upsert(&mut self, membership: &Membership) -> Upsert {
        let next = self.by_number.get_max().map_or(0, |(number, _)| number + 1);
        let number = *self.numbers.entry((membership.user, membership.practice)).or_insert(next);
        upsert(&mut self.by_number, number, membership)
    }

    pub(crate) fn has(&self, user: UserId, practice: PracticeId) -> bool {
        self.numbers.contains_key(&(user, practice))
    }

    pub(crate) fn remove_user(&mut self, user: UserId) {
        let own = self.numbers.iter().filter(|((of, _), _)| *of == user);
        let own: Vec<_> = own.map(|(key, number)| (*key, *number)).collect();
        for (key, number) in own {
            self.numbers.remove(&key);
            self.by_number.remove(&number);
        }
    }

    /// All memberships, oldest first.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Membership> {
        self.by_number.values()
    }
}

impl PracticeRepository for MemoryTx {
    async fn put_practice(&mut self, practice: &Practice) -> Result<Upsert, StorageError> {
        Ok(upsert(&mut self.state_mut()?.practices, practice.id, practice))
    }

    async fn find_practice(&mut self, id: PracticeId) -> Result<Option<Practice>, StorageError> {
        Ok(self.state().practices.get(&id).cloned())
    }

    async fn list_practices(
        &mut self,
        after: Option<PracticeId>,
        at_most: usize,
    ) -> Result<Vec<Practice>, StorageError> {
        let all = self.state().practices.values();
        Ok(all.filter(|practice| Some(practice.id) > after).take(at_most).cloned().collect())
    }
}

impl MembershipRepository for MemoryTx {
    async fn put_membership(&mut self, membership: &Membership) -> Result<Upsert, StorageError> {
        let state = self.state_mut()?;
        if !state.users.has(membership.user) {
            return Err(UnitError::UnknownUser.into());
        }
        if !state.practices.contains_key(&membership.practice) {
            return Err(UnitError::UnknownPractice.into());
        }
        Ok(state.memberships.upsert(membership))
    }

    async fn find_membership(
        &mut self,
        user: UserId,
        practice: Option<PracticeId>,
    ) -> Result<Option<Membership>, StorageError> {
        let memberships = &self.state().memberships;
        let wanted = |number: &u64| memberships.by_number.get(number).cloned();
        if let Some(practice) = practice {
            return Ok(memberships.numbers.get(&(user, practice)).and_then(wanted));
        }
        let of_user = memberships.numbers.range((user, PracticeId(i64::MIN))..=(user, PracticeId(i64::MAX)));
        Ok(of_user.map(|(_, number)| number).min().and_then(wanted))
    }

    async fn memberships_of(&mut self, user: UserId) -> Result<Vec<Membership>, StorageError> {
        Ok(self.state().memberships.values().filter(|one| one.user == user).cloned().collect())
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
