//! The repositories of users, their contacts and familiar addresses by diesel.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use asteroid_identity::{
    ContactSource, ContactTaken, ContactType, FamiliarAddressRepository, NewUser, PasswordHash, PersonName,
    Profile, RemovedContact, User, UserAdministrationRepository, UserContact, UserCursor, UserFilter,
    UserRegistrationRepository, UserRepository, UserSearch, UserStatus, search_keys,
};
use asteroid_kernel::{Contact, ContactKey, Network, StorageError, Timestamp, UserId};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{delete, insert_into, update};

use super::{Db, Tx, end_of_prefix, starts_with};
use crate::locks::Locks;
use crate::rows::{ContactRow, NewContactRow, UserRow};
use crate::schema::{familiar_addresses, memberships, user_contacts, user_search_keys, users};
use crate::sql_types::At;

/// The number of users per query of profiles. Each is a bind parameter, and `SQLite` allows 32766.
const USERS_PER_QUERY: usize = 10_000;

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
        self.insert_search_keys(id, search_keys(&new.name, [new.contact.key()])).await?;
        Ok(Ok(id))
    }

    /// Replaces the search keys of a user by those of its name and contacts.
    async fn renew_search_keys(&mut self, user: UserId) -> Result<(), StorageError> {
        let Some(profile) = self.find_profile(user).await? else { return Ok(()) };
        let own = user_search_keys::table.filter(user_search_keys::user_id.eq(user.0));
        self.execute(delete(own)).await?;
        let contacts = profile.contacts.iter().map(|own| own.contact.key());
        self.insert_search_keys(user, search_keys(&profile.user.name, contacts)).await
    }

    /// The places of the users whom the filter accepts.
    async fn user_page(
        &mut self,
        filter: &UserFilter,
        after: Option<&UserCursor>,
        at_most: i64,
    ) -> Result<Vec<UserCursor>, StorageError> {
        let enabled = filter.status.map(|status| status == UserStatus::Enabled);
        match (&filter.search, filter.practice) {
            (Some(UserSearch::Prefix(prefix)), practice) => {
                self.users_by_prefix(prefix, practice, enabled, after, at_most).await
            }
            (search, Some(practice)) => {
                use memberships::{practice_id, table, user_id};

                // Begins with the members, who are fewer than all users.
                let mut query = table
                    .filter(practice_id.eq(practice))
                    .order(user_id.desc())
                    .select(user_id)
                    .limit(at_most)
                    .into_boxed::<Db>();
                if let Some(after) = after {
                    query = query.filter(user_id.lt(after.user.0));
                }
                if let Some(UserSearch::Id(id)) = search {
                    query = query.filter(user_id.eq(id.0));
                }
                if let Some(enabled) = enabled {
                    let of_status =
                        users::table.filter(users::id.eq(user_id)).filter(users::enabled.eq(enabled));
                    query = query.filter(exists(of_status));
                }
                Ok(self.all::<i64, _>(query).await?.into_iter().map(by_id).collect())
            }
            (search, None) => {
                use users::{id, table};

                // Bounded on the first page, too, so that every page is a range of the primary key.
                let last = after.map_or(i64::MAX, |after| after.user.0.saturating_sub(1));
                let query = table.filter(id.le(last)).order(id.desc()).select(id).limit(at_most);
                let mut query = query.into_boxed::<Db>();
                if let Some(UserSearch::Id(wanted)) = search {
                    query = query.filter(id.eq(wanted.0));
                }
                if let Some(enabled) = enabled {
                    query = query.filter(users::enabled.eq(enabled));
                }
                Ok(self.all::<i64, _>(query).await?.into_iter().map(by_id).collect())
            }
        }
    }

    async fn users_by_prefix(
        &mut self,
        prefix: &str,
        practice: Option<i64>,
        enabled: Option<bool>,
        after: Option<&UserCursor>,
        at_most: i64,
    ) -> Result<Vec<UserCursor>, StorageError> {
        use user_search_keys::{search_key, table, user_id};

        // A user is listed at the first of the keys that match. The other keys are looked up by the index of the user.
        let is_first = sql::<Bool>(
            "NOT EXISTS (SELECT 1 FROM user_search_keys AS earlier \
             WHERE earlier.user_id = user_search_keys.user_id \
             AND earlier.search_key < user_search_keys.search_key AND earlier.search_key >= ",
        )
        .bind::<Text, _>(prefix)
        .sql(")");
        let mut query = table
            .filter(starts_with!(search_key, prefix))
            .filter(is_first)
            .order((search_key, user_id))
            .select((search_key, user_id))
            .limit(at_most)
            .into_boxed::<Db>();
        if let Some(UserCursor { user, key }) = after {
            // diesel has no row comparison.
            let is_after = sql::<Bool>("(user_search_keys.search_key, user_search_keys.user_id) > (")
                .bind::<Text, _>(key.as_deref().unwrap_or_default())
                .sql(", ")
                .bind::<BigInt, _>(user.0)
                .sql(")");
            query = query.filter(is_after);
        }
        if let Some(practice) = practice {
            let of_practice = memberships::table
                .filter(memberships::user_id.eq(user_id))
                .filter(memberships::practice_id.eq(practice));
            query = query.filter(exists(of_practice));
        }
        if let Some(enabled) = enabled {
            let of_status = users::table.filter(users::id.eq(user_id)).filter(users::enabled.eq(enabled));
            query = query.filter(exists(of_status));
        }
        let rows = self.all::<(String, i64), _>(query).await?;
        Ok(rows.into_iter().map(|(key, user)| UserCursor { user: UserId(user), key: Some(key) }).collect())
    }

    /// The profiles of these users, in two queries.
    async fn profiles(&mut self, ids: &[i64]) -> Result<HashMap<UserId, Profile>, StorageError> {
        let rows = users::table.filter(users::id.eq_any(ids)).select(UserRow::as_select());
        let mut profiles = HashMap::new();
        for row in self.all::<UserRow, _>(rows).await? {
            let user = User::try_from(row)?;
            profiles.insert(user.id, Profile { user, contacts: Vec::new() });
        }
        let contacts = user_contacts::table
            .filter(user_contacts::user_id.eq_any(ids))
            .select((user_contacts::user_id, ContactRow::as_select()));
        for (user, row) in self.all::<(i64, ContactRow), _>(contacts).await? {
            if let Some(profile) = profiles.get_mut(&UserId(user)) {
                profile.contacts.push(row.try_into()?);
            }
        }
        for profile in profiles.values_mut() {
            profile.contacts.sort_unstable_by_key(|own| (!own.primary, own.id));
        }
        Ok(profiles)
    }
}

/// The place of a user in a listing by id.
fn by_id(id: i64) -> UserCursor {
    UserCursor { user: UserId(id), key: None }
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
        let key = [contact.key().as_str().to_owned()];
        if self.execute(first).await? == 1 {
            self.insert_search_keys(user, key).await?;
            return Ok(Ok(()));
        }
        // A user has the contact, or this user has a primary contact of its kind.
        let further = insert_into(user_contacts::table)
            .values(row.secondary())
            .on_conflict(user_contacts::contact_key)
            .do_nothing();
        if self.execute(further).await? == 0 {
            return Ok(Err(ContactTaken));
        }
        self.insert_search_keys(user, key).await?;
        Ok(Ok(()))
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
        self.renew_search_keys(user).await?;
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
        if self.execute(update(users::table.find(user.0)).set(names)).await? == 0 {
            return Ok(false);
        }
        self.renew_search_keys(user).await?;
        Ok(true)
    }

    async fn clear_password(&mut self, user: UserId) -> Result<bool, StorageError> {
        let cleared = users::password_hash.eq(None::<String>);
        Ok(self.execute(update(users::table.find(user.0)).set(cleared)).await? == 1)
    }

    async fn has_administrator(&mut self) -> Result<bool, StorageError> {
        let query = users::table.filter(users::administrator.eq(true)).select(users::id).limit(1);
        Ok(self.first::<i64, _>(query).await?.is_some())
    }

    async fn lock_profile(&mut self, user: UserId) -> Result<Option<Profile>, StorageError> {
        self.lock_user(user).await?;
        self.find_profile(user).await
    }

    async fn delete_user(&mut self, user: UserId) -> Result<bool, StorageError> {
        self.note_erasure();
        // The other tables of the user refer to this one.
        Ok(self.execute(delete(users::table.find(user.0))).await? == 1)
    }

    async fn set_status(&mut self, user: UserId, status: UserStatus) -> Result<bool, StorageError> {
        let enabled = match status {
            UserStatus::Enabled => true,
            UserStatus::Disabled => false,
        };
        let statement = update(users::table.find(user.0)).set(users::enabled.eq(enabled));
        Ok(self.execute(statement).await? == 1)
    }

    async fn set_administrator(&mut self, user: UserId, administrator: bool) -> Result<bool, StorageError> {
        let statement = update(users::table.find(user.0)).set(users::administrator.eq(administrator));
        Ok(self.execute(statement).await? == 1)
    }

    async fn list_users(
        &mut self,
        filter: &UserFilter,
        after: Option<&UserCursor>,
        at_most: usize,
    ) -> Result<Vec<(Profile, UserCursor)>, StorageError> {
        let page = self.user_page(filter, after, super::rows(at_most)).await?;
        let ids: Vec<i64> = page.iter().map(|place| place.user.0).collect();
        let mut profiles = HashMap::new();
        for ids in ids.chunks(USERS_PER_QUERY) {
            profiles.extend(self.profiles(ids).await?);
        }
        let listed = page.into_iter().filter_map(|place| Some((profiles.remove(&place.user)?, place)));
        Ok(listed.collect())
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

    async fn list_addresses(&mut self, user: UserId) -> Result<Vec<(Network, Timestamp)>, StorageError> {
        use familiar_addresses::{ip, last_seen_at, table, user_id};

        let own = table.filter(user_id.eq(user.0)).select((ip, last_seen_at));
        let mut latest = BTreeMap::new();
        for (address, at) in self.all::<(String, At), _>(own).await? {
            // Rows of earlier versions may have several addresses of a network.
            let Ok(address) = address.parse() else { continue };
            let latest = latest.entry(Network::of(address)).or_insert(at.0);
            *latest = at.0.max(*latest);
        }
        let mut latest: Vec<(Network, Timestamp)> = latest.into_iter().collect();
        latest.sort_unstable_by_key(|(network, at)| (Reverse(*at), *network));
        Ok(latest)
    }

    async fn forget_addresses(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        let old = familiar_addresses::table.filter(familiar_addresses::last_seen_at.lt(At(before)));
        self.execute(delete(old)).await
    }
}
