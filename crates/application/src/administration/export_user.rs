//! Everything that is kept about a user.

use asteroid_audit::{Action, AuditRepository};
use asteroid_identity::PendingRegistration;
use asteroid_kernel::{Contact, Network, StorageError, Timestamp, UnitOfWork, UserId, unit_of_work};
use asteroid_terms::Acceptance;
use asteroid_verification::{Challenge, PurposeKind};

use super::show_user::{UserDetails, details_of};
use super::{AdministrationRepositories, UserReference};
use crate::AccountRules;
use crate::operator::Act;

/// Everything that is kept about a user.
///
/// It includes what is kept under the user's contacts, also if others caused it: a registration by another person is known by
/// the contact alone. What is derived from other data, such as keys of searches, is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserExport {
    /// When it was read.
    pub at: Timestamp,
    /// The user, with all sessions, messages and events.
    pub details: UserDetails,
    /// The acceptances of terms, latest first.
    pub acceptances: Vec<Acceptance>,
    /// The live registrations of the contacts, newest first for each contact.
    pub registrations: Vec<PendingRegistration>,
    /// The open challenges of the contacts, newest first for each contact.
    pub challenges: Vec<Challenge>,
    /// The networks that asked for codes of the contacts or registered them within an hour; [`None`] for an unknown one.
    pub claims: Vec<(Contact, Option<Network>)>,
}

/// Reads everything in one snapshot.
pub(super) struct ReadEverything {
    pub(super) user: UserReference,
    pub(super) rules: AccountRules,
    pub(super) now: Timestamp,
}

impl<Tx: AdministrationRepositories + Send> UnitOfWork<Tx> for ReadEverything {
    type Output = Option<UserExport>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<UserExport>, StorageError> {
        let Some(profile) = self.user.find(tx).await? else { return Ok(None) };
        let contacts: Vec<Contact> = profile.contacts.iter().map(|own| own.contact.clone()).collect();
        let (mut registrations, mut challenges, mut claims) = (Vec::new(), Vec::new(), Vec::new());
        for contact in contacts {
            let key = contact.key();
            registrations.extend(tx.live_registrations(&key, self.now).await?);
            challenges.extend(tx.open_challenges(&key, PurposeKind::ALL, self.now).await?);
            let networks = tx.claimants(&key, self.now).await?;
            claims.extend(networks.into_iter().map(|network| (contact.clone(), network)));
        }
        Ok(Some(UserExport {
            at: self.now,
            acceptances: tx.acceptances_of(profile.user.id).await?,
            details: details_of(tx, profile, usize::MAX, &self.rules, self.now).await?,
            registrations,
            challenges,
            claims,
        }))
    }
}

/// Records that the user was exported. Apart from the reading, so that no writer waits for it.
pub(super) fn record_export<Tx: AuditRepository + Send>(
    user: UserId,
    act: Act,
) -> impl UnitOfWork<Tx, Output = (), Error = StorageError> {
    unit_of_work((user, act), |(user, act), tx: &mut Tx| Box::pin(act.record(tx, Action::ExportUser, *user)))
}
