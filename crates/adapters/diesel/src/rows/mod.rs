//! Rows as the tables hold them, and how they become values of the domain again.

mod audit;
mod challenge;
mod limit;
mod outbox;
mod registration;
mod session;
mod user;

use std::net::IpAddr;

use asteroid_identity::PersonName;
use asteroid_kernel::{Contact, Origin, Region, StorageError};

pub(crate) use audit::AuditEventRow;
pub(crate) use challenge::ChallengeRow;
pub(crate) use limit::LimitRow;
pub(crate) use outbox::{OutboxRow, StateColumns};
pub(crate) use registration::RegistrationRow;
pub(crate) use session::SessionRow;
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
    // A number is stored as E.164, which reads the same in every region.
    Contact::parse(stored, Region::US).map_err(|_| Unreadable(column))
}

fn name(first: &str, last: &str, column: &'static str) -> Result<PersonName, Unreadable> {
    PersonName::new(first, last).map_err(|_| Unreadable(column))
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
