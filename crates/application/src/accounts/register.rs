//! Registering with a contact to be verified.

use std::future::Future;
use std::time::Duration;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{
    ContactType, FamiliarAddressRepository, HashingError, Password, PasswordFlaw, PasswordHasher,
    PendingRegistration, PendingRegistrationRepository, PersonName, UserRepository,
};
use asteroid_kernel::{Contact, Origin, RegistrationId, Storage, StorageError, UnitOfWork};
use asteroid_limits::LimitRepository;
use asteroid_messaging::{MessageKind, OutboxRepository};
use asteroid_verification::{ChallengeRepository, Purpose};

use super::Accounts;
use super::audit::audit;
use super::codes::{Addressee, CodeForm, CodeVersion, challenge_to_send, send_code};
use super::contacts::{NO_USER, claim_contact, verified_spelling};
use super::notices::send_notices;
use super::rate_limits::LimitedSends;
use super::send_codes::{SendCodesError, Sent};
use crate::CountryNotServed;

/// Asks to become a user.
#[derive(Clone, Debug)]
pub struct Register {
    /// What the person is called.
    pub name: PersonName,
    /// The contact to be verified.
    pub contact: Contact,
    /// Work or personal.
    pub contact_type: ContactType,
    /// The password that the user will have.
    pub password: Password,
    /// From where.
    pub origin: Origin,
}

/// Why a registration was not begun.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The password does not meet the policy.
    #[error("the password is refused")]
    WeakPassword(Vec<PasswordFlaw>),
    /// Too many codes were asked for this contact.
    #[error("too many codes were asked for")]
    TooManyCodes {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// Codes are not sent to the country of the phone number.
    #[error(transparent)]
    CountryNotServed(CountryNotServed),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<SendCodesError> for RegisterError {
    fn from(error: SendCodesError) -> Self {
        match error {
            SendCodesError::TooManyCodes { retry_after } => Self::TooManyCodes { retry_after },
            SendCodesError::CountryNotServed(error) => Self::CountryNotServed(error),
            SendCodesError::Storage(error) => Self::Storage(error),
        }
    }
}

asteroid_kernel::port! {
    /// Begins registrations.
    pub trait Registrations {
        /// Keeps a pending registration and sends its code. To a contact that belongs to a user already, a notice is
        /// sent instead; the answer and its cost are the same.
        async fn register(&self, request: Register) -> Result<(), RegisterError>;
    }
}

/// Keeps the registration and sends its code, or notifies the contact's owner of the attempt.
struct KeepRegistration {
    registration: PendingRegistration,
    sends: LimitedSends,
}

impl<Tx> UnitOfWork<Tx> for KeepRegistration
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
        let (registration, context) = (&self.registration, &self.sends.context);
        let contact = &registration.contact;
        if let Err(retry_after) = self.sends.reserve(tx).await? {
            return Ok(Sent::Limited { retry_after });
        }
        claim_contact(tx, contact, context).await?;
        let owner = tx.find_user_by_contact(&contact.key()).await?.map(|user| user.id);
        // The same work for a contact with an owner, so that the time does not tell: a registration that has expired from the
        // first, and a decoy.
        let proved = verified_spelling(tx, owner.unwrap_or(NO_USER), contact).await?;
        let per_contact = context.rules().registrations_per_contact;
        let (purpose, form) = (Purpose::Register(registration.id), CodeForm::of(CodeVersion::V1, context));
        if owner.is_some() {
            let expired = PendingRegistration { expires_at: registration.created_at, ..registration.clone() };
            tx.insert_registration(&expired, per_contact).await?;
            challenge_to_send(tx, contact, purpose, form, Addressee::NoUser, context).await?;
            send_notices(tx, &proved, MessageKind::AlreadyRegistered, context.now, context.randomness())
                .await?;
        } else {
            tx.insert_registration(registration, per_contact).await?;
            send_code(tx, contact, purpose, form, context).await?;
        }
        let outcome = if owner.is_some() { Outcome::Refused } else { Outcome::Done };
        audit(tx, Action::Register, outcome, owner, Some(contact), context).await?;
        Ok(Sent::Sent)
    }
}

impl<S, H> Registrations for Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository
        + FamiliarAddressRepository
        + PendingRegistrationRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository,
    H: PasswordHasher,
{
    fn register(&self, request: Register) -> impl Future<Output = Result<(), RegisterError>> + Send {
        let this = self.clone();
        async move {
            let Register { name, contact, contact_type, password, origin } = request;
            let context = this.context(origin);
            let rules = context.rules();
            let password = rules
                .passwords
                .check(&password, std::slice::from_ref(&contact), std::slice::from_ref(&name))
                .map_err(RegisterError::WeakPassword)?;
            this.hasher.check_capacity()?;
            // Before hashing, which costs much.
            let contacts = vec![contact.clone()];
            let sends = LimitedSends { contacts, action: Action::Register, context: context.clone() };
            this.check_sends(&sends).await?;
            let password_hash = this.hasher.hash(&password).await?;
            let registration = PendingRegistration {
                id: RegistrationId::new(context.now, context.randomness()),
                contact,
                contact_type,
                name,
                password_hash,
                network: context.origin.network(),
                user_agent: context.origin.user_agent.clone(),
                created_at: context.now,
                expires_at: context.now + rules.registration_life,
            };
            Ok(this.send_by(KeepRegistration { registration, sends }).await?)
        }
    }
}
