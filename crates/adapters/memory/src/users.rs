use std::net::IpAddr;

use asteroid_identity::{
    ContactTaken, NewUser, PasswordHash, Profile, User, UserContact, UserRepository, UserStatus,
};
use asteroid_kernel::{ContactId, ContactKey, StorageError, Timestamp, UserId};
use imbl::OrdMap;

use crate::MemoryTx;
use crate::table::remove_where;

#[derive(Clone, Default)]
pub(crate) struct Users {
    profiles: OrdMap<UserId, Profile>,
    owners: OrdMap<ContactKey, UserId>,
    addresses: OrdMap<(UserId, IpAddr), Timestamp>,
}

impl Users {
    pub(crate) fn is_enabled(&self, user: UserId) -> bool {
        self.profiles.get(&user).is_some_and(|profile| profile.user.status == UserStatus::Enabled)
    }

    fn user_mut(&mut self, user: UserId) -> Option<&mut User> {
        self.profiles.get_mut(&user).map(|profile| &mut profile.user)
    }
}

impl UserRepository for MemoryTx {
    async fn insert_user(&mut self, new: &NewUser) -> Result<Result<UserId, ContactTaken>, StorageError> {
        let users = &mut self.state_to_change()?.users;
        if users.owners.contains_key(&new.contact.key()) {
            return Ok(Err(ContactTaken));
        }
        // No user is ever removed, and each has one contact.
        let number = users.profiles.get_max().map_or(0, |(last, _)| last.0) + 1;
        let user = User {
            id: UserId(number),
            name: new.name.clone(),
            status: UserStatus::Enabled,
            password_hash: new.password_hash.clone(),
            last_login: None,
            created_at: new.created_at,
        };
        let contact = UserContact {
            id: ContactId(number),
            contact: new.contact.clone(),
            contact_type: new.contact_type,
            primary: true,
            verified_at: new.created_at,
        };
        let id = user.id;
        users.owners.insert(new.contact.key(), id);
        users.profiles.insert(id, Profile { user, contacts: vec![contact] });
        Ok(Ok(id))
    }

    async fn find_user_by_contact(&mut self, contact: &ContactKey) -> Result<Option<User>, StorageError> {
        let users = &self.state().users;
        let profile = users.owners.get(contact).and_then(|owner| users.profiles.get(owner));
        Ok(profile.map(|profile| profile.user.clone()))
    }

    async fn find_profile(&mut self, user: UserId) -> Result<Option<Profile>, StorageError> {
        Ok(self.state().users.profiles.get(&user).cloned())
    }

    async fn record_sign_in(
        &mut self,
        user: UserId,
        verified: Option<&PasswordHash>,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let Some(user) = self.state_to_change()?.users.user_mut(user) else { return Ok(false) };
        let is_current = verified.is_none() || verified == user.password_hash.as_ref();
        if user.status != UserStatus::Enabled || !is_current {
            return Ok(false);
        }
        user.last_login = Some(at);
        Ok(true)
    }

    async fn replace_password(
        &mut self,
        user: UserId,
        current: Option<&PasswordHash>,
        new: &PasswordHash,
    ) -> Result<bool, StorageError> {
        let Some(user) = self.state_to_change()?.users.user_mut(user) else { return Ok(false) };
        if current.is_some() && current != user.password_hash.as_ref() {
            return Ok(false);
        }
        user.password_hash = Some(new.clone());
        Ok(true)
    }

    async fn set_status(&mut self, user: UserId, status: UserStatus) -> Result<bool, StorageError> {
        let user = self.state_to_change()?.users.user_mut(user);
        Ok(user.map(|user| user.status = status).is_some())
    }

    async fn remember_address(
        &mut self,
        user: UserId,
        ip: IpAddr,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let latest = self.state_to_change()?.users.addresses.entry((user, ip)).or_insert(at);
        *latest = at.max(*latest);
        Ok(())
    }

    async fn is_familiar_address(
        &mut self,
        user: UserId,
        ip: IpAddr,
        since: Timestamp,
    ) -> Result<bool, StorageError> {
        Ok(self.state().users.addresses.get(&(user, ip)).is_some_and(|at| *at >= since))
    }

    async fn forget_addresses(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_to_change()?.users.addresses, |at| *at < before))
    }
}
