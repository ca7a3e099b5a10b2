//! Sending codes that are asked for.

use std::time::Duration;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{
    FamiliarAddressRepository, PendingRegistration, PendingRegistrationRepository, UserRepository, UserStatus,
};
use asteroid_kernel::{Contact, Network, Origin, Storage, StorageError, UnitOfWork};
use asteroid_limits::LimitRepository;
use asteroid_messaging::OutboxRepository;
use asteroid_verification::{ChallengeRepository, Purpose};

use super::Accounts;
use super::audit::audit;
use super::codes::{CodeForm, CodeVersion, send_code, send_decoy};
use super::contacts::{NO_USER, claim_contact, verified_spelling};
use super::rate_limits::LimitedSends;
use crate::CountryNotServed;

/// Asks for codes to these contacts: to finish a registration where one waits, else to sign in.
#[derive(Clone, Debug)]
pub struct SendCodes {
    /// Each gets a code of its own, or none does.
    pub contacts: Vec<Contact>,
    /// Decides what the code looks like.
    pub version: CodeVersion,
    /// From where.
    pub origin: Origin,
}

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendCodesError {
    /// Too many codes were asked for one of the contacts.
    #[error("too many codes were asked for")]
    TooManyCodes {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// Codes are not sent to the country of one of the phone numbers.
    #[error(transparent)]
    CountryNotServed(#[from] CountryNotServed),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

asteroid_kernel::port! {
    /// Sends codes that are asked for.
    pub trait CodeRequests {
        /// Sends a code to each contact. A contact without a user or registration gets none; the answer is the same.
        async fn send_codes(&self, request: SendCodes) -> Result<(), SendCodesError>;
    }
}

/// What came of asking for a code.
pub(super) enum Sent {
    /// It was sent, or no user has the contact; the outcome does not show which.
    Sent,
    /// Too many were asked for; none was sent.
    Limited {
        /// When the next one may be asked for.
        retry_after: Duration,
    },
}

/// Of the live registrations of a contact, newest first, the one whose code goes out again: the newest that was made on
/// the caller's network, else the newest of all. The latter gets no password: the caller's claim stands against it.
fn registration_to_send(
    mut live: Vec<PendingRegistration>,
    caller: Option<Network>,
) -> Option<PendingRegistration> {
    let own = live.iter().position(|registration| caller.is_some() && registration.network == caller);
    let chosen = own.unwrap_or(0);
    (chosen < live.len()).then(|| live.swap_remove(chosen))
}

/// Sends each contact the code that it is due: to finish its registration, or to sign in.
struct SendDueCodes {
    sends: LimitedSends,
    version: CodeVersion,
}

impl<Tx> UnitOfWork<Tx> for SendDueCodes
where
    Tx: UserRepository
        + FamiliarAddressRepository
        + PendingRegistrationRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository
        + Send,
{
    type Output = Sent;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Sent, StorageError> {
        let LimitedSends { contacts, context, .. } = &self.sends;
        if let Err(retry_after) = self.sends.reserve(tx).await? {
            return Ok(Sent::Limited { retry_after });
        }
        for contact in contacts {
            let key = contact.key();
            claim_contact(tx, contact, context).await?;
            let owner = tx.find_user_by_contact(&key).await?;
            // Both, with or without a user, so that the time does not tell.
            let enabled = owner.as_ref().filter(|user| user.status == UserStatus::Enabled);
            let proved = verified_spelling(tx, enabled.map_or(NO_USER, |user| user.id), contact).await?;
            let live = tx.live_registrations(&key, context.now).await?;
            let due = if owner.is_some() {
                proved.map(|contact| (contact, Purpose::SignIn))
            } else {
                registration_to_send(live, context.origin.network()).map(|registration| {
                    let purpose = Purpose::Register(registration.id);
                    (registration.contact, purpose)
                })
            };
            let form = CodeForm::of(self.version, context);
            match &due {
                Some((contact, purpose)) => send_code(tx, contact, *purpose, form, context).await?,
                None => send_decoy(tx, contact, Purpose::SignIn, form, context).await?,
            }
            let outcome = if due.is_some() { Outcome::Done } else { Outcome::Refused };
            let user = owner.map(|user| user.id);
            audit(tx, Action::SendCode, outcome, user, Some(contact), context).await?;
        }
        Ok(Sent::Sent)
    }
}

impl<S: Storage, H> Accounts<S, H> {
    /// Runs a unit that puts codes into the outbox; if it did, wakes those who deliver them.
    pub(super) async fn send_by<W>(&self, work: W) -> Result<(), SendCodesError>
    where
        W: UnitOfWork<S::Tx, Output = Sent, Error = StorageError>,
    {
        match self.storage.write(work).await? {
            Sent::Limited { retry_after } => Err(SendCodesError::TooManyCodes { retry_after }),
            Sent::Sent => {
                self.tools.signal.outbox_filled();
                Ok(())
            }
        }
    }
}

impl<S, H> Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository + FamiliarAddressRepository + LimitRepository + AuditRepository,
    H: Send + Sync + 'static,
{
    /// Sends codes that were asked for, if the limits allow it, by the unit that is made of them. The time of the answer does
    /// not tell whether any was sent.
    pub(super) async fn send_requested<W>(
        &self,
        sends: LimitedSends,
        work: impl FnOnce(LimitedSends) -> W + Send,
    ) -> Result<(), SendCodesError>
    where
        W: UnitOfWork<S::Tx, Output = Sent, Error = StorageError>,
    {
        self.in_even_time(async {
            self.check_sends(&sends).await?;
            self.send_by(work(sends)).await
        })
        .await
    }
}

impl<S, H> CodeRequests for Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository
        + FamiliarAddressRepository
        + PendingRegistrationRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository,
    H: Send + Sync + 'static,
{
    async fn send_codes(&self, request: SendCodes) -> Result<(), SendCodesError> {
        let SendCodes { mut contacts, version, origin } = request;
        // Always in the same order, so that two requests for the same two contacts never wait for each other.
        contacts.sort_by_key(Contact::key);
        contacts.dedup();
        let sends = LimitedSends { contacts, action: Action::SendCode, context: self.context(origin) };
        self.send_requested(sends, |sends| SendDueCodes { sends, version }).await
    }
}
