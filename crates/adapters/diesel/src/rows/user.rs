//! Rows of `users` and `user_contacts`.

use asteroid_identity::{
    ContactSource, ContactType, ImportScope, NewUser, PasswordHash, User, UserContact, UserStatus,
};
use asteroid_kernel::{Contact, ContactId, ContactKind, Timestamp, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::{user_contacts, users};
use crate::sql_types::At;

#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub(crate) struct NewUserRow {
    /// [`None`]: the database generates the id.
    #[diesel(treat_none_as_default_value = true)]
    id: Option<i64>,
    first_name: String,
    last_name: String,
    enabled: bool,
    password_hash: Option<String>,
    created_at: At,
    administrator: bool,
}

impl NewUserRow {
    pub(crate) fn new(id: Option<UserId>, new: &NewUser) -> Self {
        Self {
            id: id.map(|id| id.0),
            first_name: new.name.first().to_owned(),
            last_name: new.name.last().to_owned(),
            enabled: true,
            password_hash: new.password_hash.as_ref().map(|hash| hash.expose().to_owned()),
            created_at: At(new.created_at),
            administrator: false,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Pg, Sqlite))]
pub(crate) struct UserRow {
    id: i64,
    first_name: String,
    last_name: String,
    enabled: bool,
    password_hash: Option<String>,
    last_login: Option<At>,
    created_at: At,
    administrator: bool,
}

impl TryFrom<UserRow> for User {
    type Error = UnreadableColumn;

    fn try_from(row: UserRow) -> Result<Self, UnreadableColumn> {
        Ok(Self {
            id: UserId(row.id),
            name: super::name(&row.first_name, &row.last_name, "users.first_name or last_name")?,
            status: status(row.enabled),
            password_hash: row.password_hash.map(PasswordHash::new),
            last_login: row.last_login.map(|at| at.0),
            created_at: row.created_at.0,
            administrator: row.administrator,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = user_contacts, treat_none_as_default_value = false)]
pub(crate) struct NewContactRow {
    user_id: i64,
    kind: String,
    contact: String,
    contact_key: String,
    contact_type: String,
    is_primary: bool,
    verified_at: At,
    imported: bool,
    imported_for: Option<i64>,
}

impl NewContactRow {
    /// A primary contact.
    pub(crate) fn primary(
        user: UserId,
        contact: &Contact,
        contact_type: ContactType,
        source: ContactSource,
        verified_at: Timestamp,
    ) -> Self {
        let kind = match contact.kind() {
            ContactKind::Email => "email",
            ContactKind::Phone => "phone",
        };
        let (imported, imported_for) = match source {
            ContactSource::Verified => (false, None),
            ContactSource::Imported(ImportScope(practice)) => (true, practice),
        };
        Self {
            user_id: user.0,
            kind: kind.to_owned(),
            contact: contact.as_str().to_owned(),
            contact_key: contact.key().as_str().to_owned(),
            contact_type: contact_type.as_str().to_owned(),
            is_primary: true,
            verified_at: At(verified_at),
            imported,
            imported_for,
        }
    }

    /// The same contact, not primary.
    pub(crate) fn secondary(self) -> Self {
        Self { is_primary: false, ..self }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = user_contacts, check_for_backend(Pg, Sqlite))]
pub(crate) struct ContactRow {
    id: i64,
    contact: String,
    contact_type: String,
    is_primary: bool,
    verified_at: At,
    imported: bool,
    imported_for: Option<i64>,
}

impl TryFrom<ContactRow> for UserContact {
    type Error = UnreadableColumn;

    fn try_from(row: ContactRow) -> Result<Self, UnreadableColumn> {
        Ok(Self {
            id: ContactId(row.id),
            contact: super::contact(&row.contact, "user_contacts.contact")?,
            contact_type: ContactType::parse(&row.contact_type)
                .ok_or(UnreadableColumn("user_contacts.contact_type"))?,
            primary: row.is_primary,
            source: if row.imported {
                ContactSource::Imported(ImportScope(row.imported_for))
            } else {
                ContactSource::Verified
            },
            verified_at: row.verified_at.0,
        })
    }
}

pub(super) const fn status(enabled: bool) -> UserStatus {
    if enabled { UserStatus::Enabled } else { UserStatus::Disabled }
}
