//! The rows of the tables, and their conversion to and from values of the domain.

mod admin_key;
mod audit;
mod challenge;
mod client;
mod client_parts;
mod known_key;
mod limit;
mod outbox;
mod practice;
mod registration;
mod session;
mod terms;
mod user;

use std::net::IpAddr;

use asteroid_clients::{ClientKey, ExternalId, Fingerprint, SourceId};
use asteroid_identity::PersonName;
use asteroid_kernel::{Contact, Origin, StorageError};
use serde_json::Value;

pub(crate) use admin_key::AdminKeyRow;
pub(crate) use audit::AuditEventRow;
pub(crate) use challenge::ChallengeRow;
pub(crate) use client::{ClientRow, NewClientRow};
pub(crate) use client_parts::{ClassRow, PatientRow};
pub(crate) use known_key::KnownKeyRow;
pub(crate) use limit::LimitRow;
pub(crate) use outbox::{OutboxRow, StateColumns};
pub(crate) use practice::{MembershipRow, PracticeRow};
pub(crate) use registration::{ClaimRow, RegistrationRow, claimant};
pub(crate) use session::SessionRow;
pub(crate) use terms::{AcceptanceRow, TermsVersionRow, version_label};
pub(crate) use user::{ContactRow, NewContactRow, NewUserRow, UserRow};

/// A column has a value that this version cannot read. The message names the column but not the value, which may be
/// personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value in {0} cannot be read")]
pub(crate) struct UnreadableColumn(pub(crate) &'static str);

impl From<UnreadableColumn> for StorageError {
    fn from(error: UnreadableColumn) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// Parses a contact that was stored as [`Contact::as_str`].
fn contact(stored: &str, column: &'static str) -> Result<Contact, UnreadableColumn> {
    Contact::from_stored(stored).ok_or(UnreadableColumn(column))
}

fn name(first: &str, last: &str, column: &'static str) -> Result<PersonName, UnreadableColumn> {
    PersonName::partial(first, last).map_err(|_| UnreadableColumn(column))
}

fn ip(stored: Option<&str>, column: &'static str) -> Result<Option<IpAddr>, UnreadableColumn> {
    stored.map(|ip| ip.parse().map_err(|_| UnreadableColumn(column))).transpose()
}

fn origin(
    stored_ip: Option<&str>,
    user_agent: Option<String>,
    request_id: Option<String>,
    column: &'static str,
) -> Result<Origin, UnreadableColumn> {
    Ok(Origin { ip: ip(stored_ip, column)?, user_agent, request_id })
}

fn count(stored: i64, column: &'static str) -> Result<u32, UnreadableColumn> {
    stored.try_into().map_err(|_| UnreadableColumn(column))
}

/// Serializes a list as a JSON array.
fn array<T: Into<Value> + Clone>(list: &[T]) -> String {
    Value::from(list).to_string()
}

fn external_id(stored: &str, column: &'static str) -> Result<ExternalId, UnreadableColumn> {
    ExternalId::parse(stored).map_err(|_| UnreadableColumn(column))
}

/// The key from `clients.source_id` and `clients.id`.
pub(crate) fn client_key(source: i64, id: &str) -> Result<ClientKey, UnreadableColumn> {
    Ok(ClientKey { source: SourceId(source), id: external_id(id, "clients.id")? })
}

/// The fingerprint from `clients.fingerprint`.
pub(crate) fn fingerprint(stored: i64) -> Result<Fingerprint, UnreadableColumn> {
    Fingerprint::new(stored).map_err(|_| UnreadableColumn("clients.fingerprint"))
}
