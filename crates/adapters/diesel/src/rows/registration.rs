//! Rows of `pending_registrations` and `contact_claims`.

use asteroid_identity::{ContactClaim, ContactType, PasswordHash, PendingRegistration};
use asteroid_kernel::{Network, RegistrationId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::{contact_claims, pending_registrations};
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
    network: Option<String>,
    user_agent: Option<String>,
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
            network: registration.network.map(stored_network),
            user_agent: registration.user_agent.clone(),
        }
    }
}

impl TryFrom<RegistrationRow> for PendingRegistration {
    type Error = UnreadableColumn;

    fn try_from(row: RegistrationRow) -> Result<Self, UnreadableColumn> {
        let name_columns = "pending_registrations.first_name or last_name";
        Ok(Self {
            id: RegistrationId(row.id.0),
            contact: super::contact(&row.contact, "pending_registrations.contact")?,
            contact_type: ContactType::parse(&row.contact_type)
                .ok_or(UnreadableColumn("pending_registrations.contact_type"))?,
            name: super::name(&row.first_name, &row.last_name, name_columns)?,
            password_hash: PasswordHash::new(row.password_hash),
            network: network(row.network.as_deref(), "pending_registrations.network")?,
            user_agent: row.user_agent,
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = contact_claims)]
pub(crate) struct ClaimRow {
    id: Id,
    contact_key: String,
    network: Option<String>,
    expires_at: At,
}

impl From<&ContactClaim> for ClaimRow {
    fn from(claim: &ContactClaim) -> Self {
        Self {
            id: Id(claim.id.0),
            contact_key: claim.contact.as_str().to_owned(),
            network: claim.network.map(stored_network),
            expires_at: At(claim.expires_at),
        }
    }
}

/// Parses the network of a [`ClaimRow`].
pub(crate) fn claimant(stored: Option<&str>) -> Result<Option<Network>, UnreadableColumn> {
    network(stored, "contact_claims.network")
}

fn stored_network(network: Network) -> String {
    network.address().to_string()
}

fn network(stored: Option<&str>, column: &'static str) -> Result<Option<Network>, UnreadableColumn> {
    Ok(super::ip(stored, column)?.map(Network::of))
}
