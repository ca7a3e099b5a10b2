use std::net::IpAddr;

use asteroid_identity::{
    ContactSource, ContactTaken, ContactType, NewUser, PasswordHash, PersonName, Profile, RemovedContact,
    User, UserRepository, UserStatus,
};
use asteroid_kernel::{Contact, Timestamp, UserId};

use super::{CompleteStorage, Store};

impl<S: CompleteStorage> Store<S> {
    pub(crate) async fn insert_user(&self, user: &NewUser) -> Result<UserId, ContactTaken> {
        self.write(user.clone(), |user, tx| Box::pin(tx.insert_user(user))).await
    }

    pub(crate) async fn insert_user_with_id(&self, id: UserId, user: &NewUser) -> Result<(), ContactTaken> {
        self.write((id, user.clone()), |(id, user), tx| Box::pin(tx.insert_user_with_id(*id, user))).await
    }

    pub(crate) async fn add_contact(
        &self,
        user: UserId,
        contact: &Contact,
        contact_type: ContactType,
        source: ContactSource,
        verified_at: Timestamp,
    ) -> Result<(), ContactTaken> {
        let context = (user, contact.clone(), contact_type, source, verified_at);
        self.write(context, |(user, contact, contact_type, source, verified_at), tx| {
            Box::pin(tx.add_contact(*user, contact, *contact_type, *source, *verified_at))
        })
        .await
    }

    pub(crate) async fn remove_contact(&self, user: UserId, contact: &Contact) -> Option<RemovedContact> {
        self.write((user, contact.key()), |(user, key), tx| Box::pin(tx.remove_contact(*user, key))).await
    }

    pub(crate) async fn respell_contact(&self, user: UserId, contact: &Contact) -> bool {
        self.write((user, contact.clone()), |(user, contact), tx| {
            Box::pin(tx.respell_contact(*user, contact))
        })
        .await
    }

    pub(crate) async fn record_password_reset(&self, user: UserId, contact: &Contact, at: Timestamp) -> bool {
        self.write((user, contact.key(), at), |(user, key, at), tx| {
            Box::pin(tx.record_password_reset(*user, key, *at))
        })
        .await
    }

    pub(crate) async fn clear_password(&self, user: UserId) -> bool {
        self.write(user, |user, tx| Box::pin(tx.clear_password(*user))).await
    }

    pub(crate) async fn rename_user(&self, user: UserId, name: &PersonName) -> bool {
        self.write((user, name.clone()), |(user, name), tx| Box::pin(tx.rename_user(*user, name))).await
    }

    pub(crate) async fn find_user(&self, contact: &Contact) -> Option<User> {
        self.read(contact.key(), |key, tx| Box::pin(tx.find_user_by_contact(key))).await
    }

    pub(crate) async fn find_profile(&self, user: UserId) -> Option<Profile> {
        self.read(user, |user, tx| Box::pin(tx.find_profile(*user))).await
    }

    pub(crate) async fn record_sign_in(
        &self,
        user: UserId,
        verified: Option<&PasswordHash>,
        at: Timestamp,
    ) -> bool {
        self.write((user, verified.cloned(), at), |(user, verified, at), tx| {
            Box::pin(tx.record_sign_in(*user, verified.as_ref(), *at))
        })
        .await
    }

    pub(crate) async fn replace_password(
        &self,
        user: UserId,
        current: Option<&PasswordHash>,
        new: &PasswordHash,
    ) -> bool {
        self.write((user, current.cloned(), new.clone()), |(user, current, new), tx| {
            Box::pin(tx.replace_password(*user, current.as_ref(), new))
        })
        .await
    }

    pub(crate) async fn set_status(&self, user: UserId, status: UserStatus) -> bool {
        self.write((user, status), |(user, status), tx| Box::pin(tx.set_status(*user, *status))).await
    }

    pub(crate) async fn remember_address(&self, user: UserId, ip: IpAddr, at: Timestamp) {
        self.write((user, ip, at), |(user, ip, at), tx| Box::pin(tx.remember_address(*user, *ip, *at))).await;
    }

    pub(crate) async fn is_familiar_address(&self, user: UserId, ip: IpAddr, since: Timestamp) -> bool {
        self.read((user, ip, since), |(user, ip, since), tx| {
            Box::pin(tx.is_familiar_address(*user, *ip, *since))
        })
        .await
    }

    pub(crate) async fn forget_addresses(&self, before: Timestamp) -> u64 {
        self.write(before, |before, tx| Box::pin(tx.forget_addresses(*before))).await
    }
}
