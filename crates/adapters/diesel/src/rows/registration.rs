use asteroid_identity::{ContactType, PasswordHash, PendingRegistration};
use asteroid_kernel::RegistrationId;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::Unreadable;
use crate::schema::pending_registrations;
use crate::sql_types::{At, Id};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = pending_registrations, check_for_backend(Pg, Sqlite))]
pub(crate) struct RegistrationRow {
    id: Id,
    contact: String,
    contact_key: String,
    contact_type: String,
    first_name: String,
    last_name: String,
    password_hash: String,
    created_at: At,
    expires_at: At,
}

impl From<&PendingRegistration> for RegistrationRow {
    fn from(registration: &PendingRegistration) -> Self {
        Self {
            id: Id(registration.id.0),
            contact: registration.contact.as_str().to_owned(),
            contact_key: registration.contact.key().as_str().to_owned(),
            contact_type: registration.contact_type.as_str().to_owned(),
            first_name: registration.name.first().to_owned(),
            last_name: registration.name.last().to_owned(),
            password_hash: registration.password_hash.expose().to_owned(),
            created_at: At(registration.created_at),
            expires_at: At(registration.expires_at),
        }
    }
}

impl TryFrom<RegistrationRow> for PendingRegistration {
    type Error = Unreadable;

    fn try_from(row: RegistrationRow) -> Result<Self, Unreadable> {
        let name_columns = "pending_registrations.first_name or last_name";
        Ok(Self {
            id: RegistrationId(row.id.0),
            contact: super::contact(&row.contact, "pending_registrations.contact")?,
            contact_type: ContactType::parse(&row.contact_type)
                .ok_or(Unreadable("pending_registrations.contact_type"))?,
            name: super::name(&row.first_name, &row.last_name, name_columns)?,
            password_hash: PasswordHash::new(row.password_hash),
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
        })
    }
}
