//! Verifying a code that registers or signs in.

use std::time::Duration;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{
    ContactSource, FamiliarAddressRepository, NewUser, PendingRegistrationRepository, PersonName,
    SessionRepository, UserRegistrationRepository, UserRepository,
};
use asteroid_kernel::{Contact, Origin, RegistrationId, Storage, StorageError, UnitOfWork, UserId};
use asteroid_limits::LimitRepository;
use asteroid_verification::{ChallengeRepository, CodeGuess, Purpose, PurposeKind};

use super::address_budget::hold_address;
use super::admission::{TryAdmission, TryRefused};
use super::audit::audit;
use super::budgets::HeldTry;
use super::codes::try_code;
use super::contacts::enabled_owner;
use super::open_session::{NewSession, SignedIn, open_session};
use super::{Accounts, RequestContext};

/// Tries a code that was sent to a contact.
#[derive(Clone, Debug)]
pub struct VerifyCode {
    /// Where the code was sent.
    pub contact: Contact,
    /// What was typed.
    pub guess: CodeGuess,
    /// From where.
    pub origin: Origin,
}

/// Why a code did not sign anyone in.
#[derive(Debug, thiserror::Error)]
pub enum VerifyCodeError {
    /// Wrong, expired, used, never sent, for another purpose, or out of guesses; the error does not show which.
    #[error("the code is invalid")]
    InvalidCode,
    /// Too many tries from the caller's network failed, whatever they tried.
    #[error("too many tries from this network failed")]
    TooManyAttempts {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// Other tries from the caller's network are being checked, and took too long.
    #[error("too many tries from this network are being checked")]
    Busy {
        /// The time after which to retry.
        retry_after: Duration,
    },
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<TryRefused> for VerifyCodeError {
    fn from(refused: TryRefused) -> Self {
        match refused {
            TryRefused::Limited { retry_after } => Self::TooManyAttempts { retry_after },
            TryRefused::Busy { retry_after } => Self::Busy { retry_after },
            TryRefused::Failed(error) => Self::Storage(error),
        }
    }
}

asteroid_kernel::port! {
    /// Verifies codes that register or sign in.
    pub trait CodeVerifications {
        /// Redeems a code: the registration that it belongs to becomes a user, or the contact's owner signs in.
        async fn verify_code(&self, request: VerifyCode) -> Result<SignedIn, VerifyCodeError>;
    }
}

/// Redeems a code to complete a registration or to sign in: the user, the verified contact and the session are made
/// together or not at all. [`None`] is a rejected guess; it is committed, because it was counted.
struct RedeemCode {
    contact: Contact,
    guess: CodeGuess,
    session: NewSession,
    context: RequestContext,
}

impl RedeemCode {
    /// Makes the registration a user. [`None`] if it has ended, or another of the same contact came first.
    ///
    /// A registration that another client may have prepared gives neither its password nor its name: the contact's
    /// owner is signed in, and sets a password by a reset code.
    async fn complete_registration<Tx>(
        &self,
        tx: &mut Tx,
        id: RegistrationId,
    ) -> Result<Option<UserId>, StorageError>
    where
        Tx: UserRegistrationRepository + PendingRegistrationRepository,
    {
        let now = self.context.now;
        let Some(registration) = tx.take_registration(id, now).await? else { return Ok(None) };
        let contact_key = self.contact.key();
        let redeemed_from = self.context.origin.network();
        let claimants = tx.claimants(&contact_key, now).await?;
        let (name, password_hash) = if registration.is_trusted(redeemed_from, &claimants) {
            (registration.name, Some(registration.password_hash))
        } else {
            let live = tx.live_registrations(&contact_key, now).await?;
            let own = live.into_iter().find(|one| redeemed_from.is_some() && one.network == redeemed_from);
            (own.map_or_else(PersonName::unknown, |own| own.name), None)
        };
        let user = NewUser {
            name,
            password_hash,
            contact: registration.contact,
            contact_type: registration.contact_type,
            source: ContactSource::Verified,
            created_at: now,
        };
        let made = tx.insert_user(&user).await?;
        tx.end_registrations(&contact_key).await?;
        Ok(made.ok())
    }
}

impl<Tx> UnitOfWork<Tx> for RedeemCode
where
    Tx: UserRepository
        + UserRegistrationRepository
        + FamiliarAddressRepository
        + PendingRegistrationRepository
        + SessionRepository
        + ChallengeRepository
        + LimitRepository
        + AuditRepository
        + Send,
{
    type Output = TryAdmission<Option<SignedIn>>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<TryAdmission<Option<SignedIn>>, StorageError> {
        let context = &self.context;
        let (mut held, event) = (HeldTry::new(context), (Action::VerifyCode, None, Some(&self.contact)));
        if let Some(not_now) = hold_address(tx, &mut held, event, context, true).await? {
            return Ok(not_now);
        }
        let purposes = [PurposeKind::Register, PurposeKind::SignIn];
        let challenge = try_code(tx, &self.contact, &purposes, &self.guess, context).await?;
        let user = match challenge.map(|challenge| challenge.purpose) {
            Some(Purpose::Register(id)) => self.complete_registration(tx, id).await?,
            Some(Purpose::SignIn) => enabled_owner(tx, &self.contact).await?.map(|user| user.id),
            Some(Purpose::Reset) | None => None,
        };
        let signed_in = match user {
            Some(user) => open_session(tx, user, None, &self.session, context).await?,
            None => None,
        };
        if signed_in.is_some() {
            tx.end_challenges(&self.contact.key(), &purposes, context.now).await?;
        } else {
            held.failed_at_once(tx).await?;
        }
        let outcome = if signed_in.is_some() { Outcome::Done } else { Outcome::Refused };
        audit(tx, Action::VerifyCode, outcome, user, Some(&self.contact), context).await?;
        Ok(TryAdmission::Admitted(signed_in))
    }
}

impl<S, H> CodeVerifications for Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository
        + UserRegistrationRepository
        + FamiliarAddressRepository
        + PendingRegistrationRepository
        + SessionRepository
        + ChallengeRepository
        + LimitRepository
        + AuditRepository,
    H: Send + Sync + 'static,
{
    async fn verify_code(&self, request: VerifyCode) -> Result<SignedIn, VerifyCodeError> {
        let VerifyCode { contact, guess, origin } = request;
        let redeem = |context: RequestContext| {
            let session = NewSession::opaque(&context);
            RedeemCode { contact: contact.clone(), guess: guess.clone(), session, context }
        };
        let tried = (Action::VerifyCode, &contact);
        let redeemed = self.in_even_time(self.try_at_once(&origin, tried, redeem)).await?;
        redeemed.ok_or(VerifyCodeError::InvalidCode)
    }
}
