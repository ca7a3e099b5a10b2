//! The repositories of users, their contacts and familiar addresses by diesel.

use asteroid_identity::{
    ContactSource, ContactTaken, ContactType, FamiliarAddressRepository, NewUser, PasswordHash, PersonName,
    Profile, RemovedContact, User, UserAdministrationRepository, UserContact, UserRegistrationRepository,
    UserRepository, UserStatus,
};
use asteroid_kernel::{Contact, ContactKey, Network, StorageError, Timestamp, UserId};
use diesel::prelude::*;
use diesel::{delete, insert_into, update};

use super::Tx;
use crate::locks::Locks;
use crate::rows::{ContactRow, NewContactRow, UserRow};
use crate::schema::{familiar_addresses, user_contacts, users};
use crate::sql_types::At;

impl Tx {
    async fn insert_user_and_contact(
        &mut self,
        id: Option<UserId>,
        new: &NewUser,
    ) -> Result<Result<UserId, ContactTaken>, StorageError> {
        let id = UserId(self.insert_user_row(id, new).await?);
        let contact = NewContactRow::primary(id, &new.contact, new.contact_type, new.source, new.created_at);
        let contact = insert_into(user_contacts::table)
            .values(contact)
            .on_conflict(user_contacts::contact_key)
            .do_nothing();
        if self.execute(contact).await? == 0 {
            self.execute(delete(users::table.find(id.0))).await?;
            return Ok(Err(ContactTaken));
        }
        Ok(Ok(id))
    }
}

impl UserRepository for Tx {
    async fn find_user_by_contact(&mut self, contact: &ContactKey) -> Result<Option<User>, StorageError> {
        let query = user_contacts::table
            .inner_join(users::table)
            .filter(user_contacts::contact_key.eq(contact.as_str()))
            .select(UserRow::as_select());
        Ok(self.first(query).await?.map(User::try_from).transpose()?)
    }

    async fn find_profile(&mut self, user: UserId) -> Result<Option<Profile>, StorageError> {
        let query = users::table.find(user.0).select(UserRow::as_select());
        let row = self.first(query).await?;
        // Asked for a user that does not exist, too, so that the time does not tell.
        let contacts = user_contacts::table
            .filter(user_contacts::user_id.eq(user.0))
            .order((user_contacts::is_primary.desc(), user_contacts::id))
            .select(ContactRow::as_select());
        let contacts = self.all(contacts).await?.into_iter().map(UserContact::try_from);
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Profile { user: row.try_into()?, contacts: contacts.collect::<Result<_, _>>()? }))
    }

    async fn record_sign_in(
        &mut self,
        user: UserId,
        verified: Option<&PasswordHash>,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let enabled = users::table.find(user.0).filter(users::enabled);
        let signed_in = users::last_login.eq(At(at));
        let count = match verified {
            None => self.execute(update(enabled).set(signed_in)).await?,
            Some(hash) => {
                let verified = enabled.filter(users::password_hash.eq(hash.expose()));
                self.execute(update(verified).set(signed_in)).await?
            }
        };
        Ok(count == 1)
    }

    async fn replace_password(
        &mut self,
        user: UserId,
        current: Option<&PasswordHash>,
        new: &PasswordHash,
    ) -> Result<bool, StorageError> {
        let user = users::table.find(user.0);
        let replaced = users::password_hash.eq(new.expose());
        let count = match current {
            None => self.execute(update(user).set(replaced)).await?,
            Some(current) => {
                let unchanged = user.filter(users::password_hash.eq(current.expose()));
                self.execute(update(unchanged).set(replaced)).await?
            }
        };
        Ok(count == 1)
    }

    async fn record_password_reset(
        &mut self,
        user: UserId,
        contact: &ContactKey,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let own = user_contacts::table
            .filter(user_contacts::user_id.eq(user.0))
            .filter(user_contacts::contact_key.eq(contact.as_str()));
        Ok(self.execute(update(own).set(user_contacts::password_reset_at.eq(At(at)))).await? == 1)
    }
}

impl UserRegistrationRepository for Tx {
    async fn insert_user(&mut self, new: &NewUser) -> Result<Result<UserId, ContactTaken>, StorageError> {
        self.insert_user_and_contact(None, new).await
    }
}

impl UserAdministrationRepository for Tx {
    async fn insert_user_with_id(
        &mut self,
        id: UserId,
        new: &NewUser,
    ) -> Result<Result<(), ContactTaken>, StorageError> {
        Ok(self.insert_user_and_contact(Some(id), new).await?.map(drop))
    }

    async fn add_contact(
        &mut self,
        user: UserId,
        contact: &Contact,
        contact_type: ContactType,
        source: ContactSource,
        verified_at: Timestamp,
    ) -> Result<Result<(), ContactTaken>, StorageError> {
        let row = NewContactRow::primary(user, contact, contact_type, source, verified_at);
        let first = insert_into(user_contacts::table).values(&row).on_conflict_do_nothing();
        if self.execute(first).await? == 1 {
            return Ok(Ok(()));
        }
        // A user has the contact, or this user has a primary contact of its kind.
        let further = insert_into(user_contacts::table)
            .values(row.secondary())
            .on_conflict(user_contacts::contact_key)
            .do_nothing();
        Ok(if self.execute(further).await? == 1 { Ok(()) } else { Err(ContactTaken) })
    }

    async fn remove_contact(
        &mut self,
        user: UserId,
        contact: &ContactKey,
    ) -> Result<Option<RemovedContact>, StorageError> {
        use user_contacts::{contact_key, id, is_primary, kind, password_reset_at, table, user_id};

        self.lock_user(user).await?;
        let own = table.filter(user_id.eq(user.0)).filter(contact_key.eq(contact.as_str()));
        let removed = delete(own).returning((kind, is_primary, password_reset_at));
        let removed: Option<(String, bool, Option<At>)> = self.first(removed).await?;
        let Some((removed_kind, was_primary, reset_at)) = removed else { return Ok(None) };
        if was_primary {
            let left = table.filter(user_id.eq(user.0)).filter(kind.eq(removed_kind)).order(id).select(id);
            if let Some(next) = self.first::<i64, _>(left.limit(1)).await? {
                self.execute(update(table.find(next)).set(is_primary.eq(true))).await?;
            }
        }
        Ok(Some(RemovedContact { password_reset_at: reset_at.map(|at| at.0) }))
    }

    async fn respell_contact(&mut self, user: UserId, contact: &Contact) -> Result<bool, StorageError> {
        let own = user_contacts::table
            .filter(user_contacts::user_id.eq(user.0))
            .filter(user_contacts::contact_key.eq(contact.key().as_str().to_owned()));
        Ok(self.execute(update(own).set(user_contacts::contact.eq(contact.as_str()))).await? == 1)
    }

    async fn rename_user(&mut self, user: UserId, name: &PersonName) -> Result<bool, StorageError> {
        let names = (users::first_name.eq(name.first()), users::last_name.eq(name.last()));
        Ok(self.execute(update(users::table.find(user.0)).set(names)).await? == 1)
    }

    async fn clear_password(&mut self, user: UserId) -> Result<bool, StorageError> {
        let cleared = users::password_hash.eq(None::<String>);
        Ok(self.execute(update(users::table.find(user.0)).set(cleared)).await? == 1)
    }

    async fn set_status(&mut self, user: UserId, status: UserStatus) -> Result<bool, StorageError> {
        let enabled = match status {
            UserStatus::Enabled => true,
            UserStatus::Disabled => false,
        };
        let statement = update(users::table.find(user.0)).set(users::enabled.eq(enabled));
        Ok(self.execute(statement).await? == 1)
    }
}

impl FamiliarAddressRepository for Tx {
    async fn remember_address(
        &mut self,
        user: UserId,
        network: Network,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        use familiar_addresses::{ip as ip_column, last_seen_at, table, user_id};

        let ip = network.address().to_string();
        let new = insert_into(table)
            .values((user_id.eq(user.0), ip_column.eq(&ip), last_seen_at.eq(At(at))))
            .on_conflict((user_id, ip_column))
            .do_nothing();
        if self.execute(new).await? == 0 {
            let known = table.find((user.0, &ip)).filter(last_seen_at.lt(At(at)));
            self.execute(update(known).set(last_seen_at.eq(At(at)))).await?;
        }
        Ok(())
    }

    async fn is_familiar_address(
        &mut self,
        user: UserId,
        network: Network,
        since: Timestamp,
    ) -> Result<bool, StorageError> {
        let known = familiar_addresses::table
            .find((user.0, network.address().to_string()))
            .filter(familiar_addresses::last_seen_at.ge(At(since)))
            .select(familiar_addresses::user_id);
        if self.first::<i64, _>(known).await?.is_some() {
            return Ok(true);
        }
        if network.address().is_ipv4() {
            return Ok(false);
        }
        // Rows of earlier versions have whole IPv6 addresses, until `forget_addresses` removes them. The text of a /64 ends
        // with "::".
        let whole = familiar_addresses::table
            .filter(familiar_addresses::user_id.eq(user.0))
            .filter(familiar_addresses::ip.like("%:%").and(familiar_addresses::ip.not_like("%::")))
            .filter(familiar_addresses::last_seen_at.ge(At(since)))
            .select(familiar_addresses::ip);
        let whole: Vec<String> = self.all(whole).await?;
        Ok(whole.iter().filter_map(|ip| ip.parse().ok()).any(|ip| Network::of(ip) == network))
    }

    async fn forget_addresses(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        let old = familiar_addresses::table.filter(familiar_addresses::last_seen_at.lt(At(before)));
        self.execute(delete(old)).await
    }
}
