//! The repositories of users, their contacts and familiar addresses in memory.

use std::cmp::{Ordering, Reverse};

use asteroid_clients::PracticeId;
use asteroid_identity::{
    ContactSource, ContactTaken, ContactType, FamiliarAddressRepository, NewUser, PasswordHash, PersonName,
    Profile, RemovedContact, User, UserAdministrationRepository, UserContact, UserCursor, UserFilter,
    UserRegistrationRepository, UserRepository, UserSearch, UserStatus,
};
use asteroid_kernel::{Contact, ContactId, ContactKey, Network, StorageError, Timestamp, UserId};
use imbl::OrdMap;

use crate::MemoryTx;
use crate::storage::UnitError;
use crate::table::remove_where;

/// All users, with indexes by contact and address.
#[derive(Clone, Default)]
pub(crate) struct Users {
    profiles: OrdMap<UserId, Profile>,
    owners: OrdMap<ContactKey, UserId>,
    addresses: OrdMap<(UserId, Network), Timestamp>,
    /// The time of the last password reset through a contact.
    password_resets: OrdMap<ContactKey, Timestamp>,
    /// The highest user id ever used, so that no id is used twice.
    last_user: i64,
    /// The highest contact id ever used.
    last_contact: i64,
}

impl Users {
    pub(crate) fn has(&self, user: UserId) -> bool {
        self.profiles.contains_key(&user)
    }

    pub(crate) fn status(&self, user: UserId) -> Option<UserStatus> {
        self.profiles.get(&user).map(|profile| profile.user.status)
    }

    fn user_mut(&mut self, user: UserId) -> Option<&mut User> {
        self.profiles.get_mut(&user).map(|profile| &mut profile.user)
    }

    fn insert(&mut self, id: UserId, new: &NewUser) -> Result<(), ContactTaken> {
        if self.owners.contains_key(&new.contact.key()) {
            return Err(ContactTaken);
        }
        let user = User {
            id,
            name: new.name.clone(),
            status: UserStatus::Enabled,
            password_hash: new.password_hash.clone(),
            last_login: None,
            created_at: new.created_at,
            administrator: false,
        };
        self.last_user = self.last_user.max(id.0);
        self.profiles.insert(id, Profile { user, contacts: Vec::new() });
        self.add_contact(id, &new.contact, new.contact_type, new.source, new.created_at);
        Ok(())
    }

    /// Adds a free contact to an existing user.
    fn add_contact(
        &mut self,
        user: UserId,
        contact: &Contact,
        contact_type: ContactType,
        source: ContactSource,
        verified_at: Timestamp,
    ) {
        let Some(profile) = self.profiles.get_mut(&user) else { return };
        let primary = profile.contacts.iter().all(|other| other.contact.kind() != contact.kind());
        self.last_contact += 1;
        let id = ContactId(self.last_contact);
        let contact = contact.clone();
        self.owners.insert(contact.key(), user);
        profile.contacts.push(UserContact { id, contact, contact_type, primary, source, verified_at });
        profile.contacts.sort_unstable_by_key(|contact| (!contact.primary, contact.id));
    }

    fn remove(&mut self, user: UserId) -> bool {
        let Some(profile) = self.profiles.remove(&user) else { return false };
        for own in profile.contacts {
            self.owners.remove(&own.contact.key());
            self.password_resets.remove(&own.contact.key());
        }
        remove_where(&mut self.addresses, |(of, _), _| *of == user);
        true
    }

    fn has_contact(&self, user: UserId, contact: &ContactKey) -> bool {
        self.owners.get(contact) == Some(&user)
    }

    fn remove_contact(&mut self, user: UserId, key: &ContactKey) -> Option<RemovedContact> {
        if !self.has_contact(user, key) {
            return None;
        }
        let profile = self.profiles.get_mut(&user)?;
        let place = profile.contacts.iter().position(|own| own.contact.key() == *key)?;
        let removed = profile.contacts.remove(place);
        self.owners.remove(key);
        if removed.primary {
            let kind = removed.contact.kind();
            let left = profile.contacts.iter_mut().filter(|own| own.contact.kind() == kind);
            if let Some(next) = left.min_by_key(|own| own.id) {
                next.primary = true;
            }
            profile.contacts.sort_unstable_by_key(|contact| (!contact.primary, contact.id));
        }
        Some(RemovedContact { password_reset_at: self.password_resets.remove(key) })
    }
}

/// The order of a listing: by search key, or the newest first.
fn order(one: &UserCursor, other: &UserCursor) -> Ordering {
    match (&one.key, &other.key) {
        (Some(key), Some(other_key)) => (key, one.user).cmp(&(other_key, other.user)),
        _ => other.user.cmp(&one.user),
    }
}

impl UserRepository for MemoryTx {
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
        let Some(user) = self.state_mut()?.users.user_mut(user) else { return Ok(false) };
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
        let Some(user) = self.state_mut()?.users.user_mut(user) else { return Ok(false) };
        if current.is_some() && current != user.password_hash.as_ref() {
            return Ok(false);
        }
        user.password_hash = Some(new.clone());
        Ok(true)
    }

    async fn record_password_reset(
        &mut self,
        user: UserId,
        contact: &ContactKey,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let users = &mut self.state_mut()?.users;
        let has_it = users.has_contact(user, contact);
        if has_it {
            users.password_resets.insert(contact.clone(), at);
        }
        Ok(has_it)
    }
}

impl UserRegistrationRepository for MemoryTx {
    async fn insert_user(&mut self, new: &NewUser) -> Result<Result<UserId, ContactTaken>, StorageError> {
        let users = &mut self.state_mut()?.users;
        let id = UserId(users.last_user + 1);
        Ok(users.insert(id, new).map(|()| id))
    }
}

impl UserAdministrationRepository for MemoryTx {
    async fn insert_user_with_id(
        &mut self,
        id: UserId,
        new: &NewUser,
    ) -> Result<Result<(), ContactTaken>, StorageError> {
        let users = &mut self.state_mut()?.users;
        if users.has(id) {
            return Err(UnitError::UserIdTaken.into());
        }
        Ok(users.insert(id, new))
    }

    async fn add_contact(
        &mut self,
        user: UserId,
        contact: &Contact,
        contact_type: ContactType,
        source: ContactSource,
        verified_at: Timestamp,
    ) -> Result<Result<(), ContactTaken>, StorageError> {
        let users = &mut self.state_mut()?.users;
        if users.owners.contains_key(&contact.key()) {
            return Ok(Err(ContactTaken));
        }
        if !users.has(user) {
            return Err(UnitError::UnknownUser.into());
        }
        users.add_contact(user, contact, contact_type, source, verified_at);
        Ok(Ok(()))
    }

    async fn remove_contact(
        &mut self,
        user: UserId,
        contact: &ContactKey,
    ) -> Result<Option<RemovedContact>, StorageError> {
        Ok(self.state_mut()?.users.remove_contact(user, contact))
    }

    async fn respell_contact(&mut self, user: UserId, contact: &Contact) -> Result<bool, StorageError> {
        let profile = self.state_mut()?.users.profiles.get_mut(&user);
        let own = profile
            .and_then(|profile| profile.contacts.iter_mut().find(|own| own.contact.key() == contact.key()));
        Ok(own.map(|own| own.contact = contact.clone()).is_some())
    }

    async fn rename_user(&mut self, user: UserId, name: &PersonName) -> Result<bool, StorageError> {
        let user = self.state_mut()?.users.user_mut(user);
        Ok(user.map(|user| user.name = name.clone()).is_some())
    }

    async fn clear_password(&mut self, user: UserId) -> Result<bool, StorageError> {
        let user = self.state_mut()?.users.user_mut(user);
        Ok(user.map(|user| user.password_hash = None).is_some())
    }

    async fn set_status(&mut self, user: UserId, status: UserStatus) -> Result<bool, StorageError> {
        let user = self.state_mut()?.users.user_mut(user);
        Ok(user.map(|user| user.status = status).is_some())
    }

    async fn has_administrator(&mut self) -> Result<bool, StorageError> {
        Ok(self.state().users.profiles.values().any(|profile| profile.user.administrator))
    }

    async fn lock_profile(&mut self, user: UserId) -> Result<Option<Profile>, StorageError> {
        Ok(self.state_mut()?.users.profiles.get(&user).cloned())
    }

    async fn delete_user(&mut self, user: UserId) -> Result<bool, StorageError> {
        let state = self.state_mut()?;
        state.memberships.remove_user(user);
        state.sessions.remove_where(|session| session.user == user);
        Ok(state.users.remove(user))
    }

    async fn set_administrator(&mut self, user: UserId, administrator: bool) -> Result<bool, StorageError> {
        let user = self.state_mut()?.users.user_mut(user);
        Ok(user.map(|user| user.administrator = administrator).is_some())
    }

    async fn list_users(
        &mut self,
        filter: &UserFilter,
        after: Option<&UserCursor>,
        at_most: usize,
    ) -> Result<Vec<(Profile, UserCursor)>, StorageError> {
        let state = self.state();
        let is_member = |user: UserId| {
            let practice = filter.practice.map(PracticeId);
            practice.is_none_or(|practice| state.memberships.has(user, practice))
        };
        let accepted = state.users.profiles.values().filter(|profile| {
            filter.status.is_none_or(|status| profile.user.status == status) && is_member(profile.user.id)
        });
        let mut found: Vec<(UserCursor, &Profile)> = accepted
            .filter_map(|profile| {
                let user = profile.user.id;
                let key = match &filter.search {
                    Some(search @ UserSearch::Prefix(_)) => Some(search.found_key(profile)?),
                    Some(search @ UserSearch::Id(_)) => {
                        search.found_key(profile)?;
                        None
                    }
                    None => None,
                };
                Some((UserCursor { user, key }, profile))
            })
            .collect();
        found.sort_unstable_by(|(one, _), (other, _)| order(one, other));
        let rest = found
            .into_iter()
            .filter(|(cursor, _)| after.is_none_or(|after| order(after, cursor) == Ordering::Less));
        Ok(rest.take(at_most).map(|(cursor, profile)| (profile.clone(), cursor)).collect())
    }
}

impl FamiliarAddressRepository for MemoryTx {
    async fn remember_address(
        &mut self,
        user: UserId,
        network: Network,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let latest = self.state_mut()?.users.addresses.entry((user, network)).or_insert(at);
        *latest = at.max(*latest);
        Ok(())
    }

    async fn is_familiar_address(
        &mut self,
        user: UserId,
        network: Network,
        since: Timestamp,
    ) -> Result<bool, StorageError> {
        Ok(self.state().users.addresses.get(&(user, network)).is_some_and(|at| *at >= since))
    }

    async fn list_addresses(&mut self, user: UserId) -> Result<Vec<(Network, Timestamp)>, StorageError> {
        let all = self.state().users.addresses.iter();
        let own = all.filter(|((of, _), _)| *of == user);
        let mut own: Vec<(Network, Timestamp)> = own.map(|((_, network), at)| (*network, *at)).collect();
        own.sort_unstable_by_key(|(network, at)| (Reverse(*at), *network));
        Ok(own)
    }

    async fn forget_addresses(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.users.addresses, |_, at| *at < before))
    }
}
