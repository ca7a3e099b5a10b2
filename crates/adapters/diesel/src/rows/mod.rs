//! Rows as the tables hold them, and how they become values of the domain again.

mod audit;
mod challenge;
mod client;
mod client_parts;
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

pub(crate) use audit::AuditEventRow;
pub(crate) use challenge::ChallengeRow;
pub(crate) use client::{ClientRow, NewClientRow};
pub(crate) use client_parts::{ClassRow, PatientRow};
pub(crate) use limit::LimitRow;
pub(crate) use outbox::{OutboxRow, StateColumns};
pub(crate) use practice::{MembershipRow, PracticeRow};
pub(crate) use registration::{ClaimRow, RegistrationRow, claimant};
pub(crate) use session::SessionRow;
pub(crate) use terms::{AcceptanceRow, TermsVersionRow, version_label};
pub(crate) use user::{ContactRow, NewContactRow, NewUserRow, UserRow};

/// A row holds what this version cannot read. Says where, and nothing of what is there: it may be personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row holds a value in {0} that cannot be read")]
pub(crate) struct Unreadable(&'static str);

impl From<Unreadable> for StorageError {
    fn from(unreadable: Unreadable) -> Self {
        Self::Failed(Box::new(unreadable))
    }
}

/// The contact that was stored as [`Contact::as_str`].
fn contact(stored: &str, column: &'static str) -> Result<Contact, Unreadable> {
    Contact::from_stored(stored).ok_or(Unreadable(column))
}

fn name(first: &str, last: &str, column: &'static str) -> Result<PersonName, Unreadable> {
    PersonName::partial(first, last).map_err(|_| Unreadable(column))
}

fn ip(stored: Option<&str>, column: &'static str) -> Result<Option<IpAddr>, Unreadable> {
    stored.map(|ip| ip.parse().map_err(|_| Unreadable(column))).transpose()
}

fn origin(
    stored_ip: Option<&str>,
    user_agent: Option<String>,
    request_id: Option<String>,
    column: &'static str,
) -> Result<Origin, Unreadable> {
    Ok(Origin { ip: ip(stored_ip, column)?, user_agent, request_id })
}

fn count(stored: i64, column: &'static str) -> Result<u32, Unreadable> {
    stored.try_into().map_err(|_| Unreadable(column))
}

/// A list, as a JSON array.
fn array<T: Into<Value> + Clone>(list: &[T]) -> String {
    Value::from(list).to_string()
}

fn external_id(stored: &str, column: &'static str) -> Result<ExternalId, Unreadable> {
    ExternalId::parse(stored).map_err(|_| Unreadable(column))
}

/// The key that stands in `clients.source_id` and `clients.id`.
pub(crate) fn client_key(source: i64, id: &str) -> Result<ClientKey, Unreadable> {
    Ok(ClientKey { source: SourceId(source), id: external_id(id, "clients.id")? })
}

/// The fingerprint that stands in `clients.fingerprint`.
pub(crate) fn fingerprint(stored: i64) -> Result<Fingerprint, Unreadable> {
    Fingerprint::new(stored).map_err(|_| Unreadable("clients.fingerprint"))
}
