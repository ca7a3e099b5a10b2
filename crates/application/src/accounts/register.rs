use std::future::Future;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{PasswordHasher, PendingRegistration, PendingRegistrationRepository, UserRepository};
use asteroid_kernel::{RegistrationId, Storage, StorageError, UnitOfWork};
use asteroid_limits::LimitRepository;
use asteroid_messaging::{MessageKind, OutboxRepository};
use asteroid_verification::{ChallengeRepository, Purpose};

use super::steps::{
    CodeForm, audit, claim_contact, reserve_sends, send_code, send_notices, verified_spelling,
};
use super::{Accounts, RequestContext};
use crate::accounts::send_codes::{Sent, WhenMayCodesBeSent};
use crate::ports::{CodeVersion, Register, RegisterError, Registrations};

/// Keeps the registration and sends its code, or tells the contact's owner that somebody tried.
struct KeepRegistration {
    registration: PendingRegistration,
    context: RequestContext,
}

impl<Tx> UnitOfWork<Tx> for KeepRegistration
where
    Tx: UserRepository
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
        let (registration, context) = (&self.registration, &self.context);
        let contact = &registration.contact;
        if let Err(retry_after) = reserve_sends(tx, std::slice::from_ref(contact), context).await? {
            audit(tx, Action::Register, Outcome::Limited, None, Some(contact), context).await?;
            return Ok(Sent::Limited { retry_after });
        }
        claim_contact(tx, contact, context).await?;
        let owner = tx.find_user_by_contact(&contact.key()).await?.map(|user| user.id);
        if let Some(owner) = owner {
            let proved = verified_spelling(tx, owner, contact).await?;
            send_notices(tx, &proved, MessageKind::AlreadyRegistered, context).await?;
        } else {
            let rules = context.rules();
            tx.insert_registration(registration, rules.registrations_per_contact).await?;
            let purpose = Purpose::Register(registration.id);
            send_code(tx, contact, purpose, CodeForm::of(CodeVersion::V1, context), context).await?;
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
            // Asked before hashing, which costs much; asked again when the registration is kept.
            let early = WhenMayCodesBeSent { contacts: vec![contact.clone()], context: context.clone() };
            if let Sent::Limited { retry_after } = this.storage.read(early).await? {
                return Err(RegisterError::TooManyCodes { retry_after });
            }
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
            Ok(this.send_by(KeepRegistration { registration, context }).await?)
        }
    }
}
