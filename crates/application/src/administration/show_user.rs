//! One user, with what explains whether and why the user can sign in.

use std::cmp::Reverse;

use asteroid_audit::{AuditEvent, AuditFilter};
use asteroid_clients::Membership;
use asteroid_identity::{Profile, Session, UserRepository};
use asteroid_kernel::{Network, StorageError, Timestamp, UnitOfWork, UserId};
use asteroid_messaging::OutboxEntry;

use super::{AdministrationRepositories, UserReference};
use crate::AccountRules;
use crate::accounts::{FailedAttempts, failed_attempts};

/// The messages and the events that are shown, the latest ones.
const LATEST: usize = 10;

/// A user as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDetails {
    /// The user with all contacts.
    pub profile: Profile,
    /// The memberships, oldest first.
    pub memberships: Vec<Membership>,
    /// The live sessions, newest first.
    pub sessions: Vec<Session>,
    /// The networks of earlier sign-ins, latest first.
    pub familiar_networks: Vec<(Network, Timestamp)>,
    /// The failed attempts that are remembered, and what they lock.
    pub failed_attempts: Vec<FailedAttempts>,
    /// The latest messages to the user's contacts, newest first.
    pub messages: Vec<OutboxEntry>,
    /// The latest events that concern the user, newest first.
    pub events: Vec<AuditEvent>,
}

pub(super) struct FindUser(pub(super) UserReference);

impl<Tx: UserRepository + Send> UnitOfWork<Tx> for FindUser {
    type Output = Option<UserId>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<UserId>, StorageError> {
        Ok(self.0.find(tx).await?.map(|profile| profile.user.id))
    }
}

pub(super) struct ShowUser {
    pub(super) user: UserReference,
    pub(super) rules: AccountRules,
    pub(super) now: Timestamp,
}

impl<Tx: AdministrationRepositories + Send> UnitOfWork<Tx> for ShowUser {
    type Output = Option<UserDetails>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<UserDetails>, StorageError> {
        let Some(profile) = self.user.find(tx).await? else { return Ok(None) };
        let mut details = details_of(tx, profile, LATEST, &self.rules, self.now).await?;
        details.sessions.retain(|session| session.is_live(self.now, &self.rules.sessions));
        Ok(Some(details))
    }
}

/// Everything about a user, with all sessions, and with so many of the latest messages and events.
pub(super) async fn details_of<Tx: AdministrationRepositories>(
    tx: &mut Tx,
    profile: Profile,
    latest: usize,
    rules: &AccountRules,
    now: Timestamp,
) -> Result<UserDetails, StorageError> {
    let user = profile.user.id;
    let mut messages = Vec::new();
    for own in &profile.contacts {
        messages.extend(tx.messages_to(&own.contact.key(), latest).await?);
    }
    messages.sort_unstable_by_key(|entry| Reverse(entry.message.id));
    messages.truncate(latest);
    let of_user = AuditFilter { user: Some(user), ..AuditFilter::default() };
    Ok(UserDetails {
        memberships: tx.memberships_of(user).await?,
        sessions: tx.list_sessions(user).await?,
        familiar_networks: tx.list_addresses(user).await?,
        failed_attempts: failed_attempts(tx, &profile, &rules.limits, now).await?,
        messages,
        events: tx.list_events(&of_user, None, latest).await?,
        profile,
    })
}
