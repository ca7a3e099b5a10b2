use std::future::Future;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{PasswordHasher, PendingRegistration, PendingRegistrationRepository, UserRepository};
use asteroid_kernel::{RegistrationId, Storage, StorageError, Work};
use asteroid_limits::LimitRepository;
use asteroid_messaging::{MessageKind, OutboxRepository};
use asteroid_verification::{ChallengeRepository, Purpose};

use super::steps::{CodeForm, admit_sends, as_proved, audit, claim_contact, send_code, send_notices};
use super::{Accounts, Occasion};
use crate::accounts::send_codes::{Sent, WhenMayCodesBeSent};
use crate::ports::{CodeVersion, Register, RegisterError, Registrations};

/// Keeps the registration and sends its code, or tells the contact's owner that somebody tried.
struct KeepRegistration {
    registration: PendingRegistration,
    occasion: Occasion,
}

impl<Tx> Work<Tx> for KeepRegistration
where
    Tx: UserRepository
        + PendingRegistrationRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository
        + Send,
{
    type Done = Sent;
    type Refused = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Sent, StorageError> {
        let (registration, occasion) = (&self.registration, &self.occasion);
        let contact = &registration.contact;
        if let Err(retry_after) = admit_sends(tx, std::slice::from_ref(contact), occasion).await? {
            audit(tx, Action::Register, Outcome::Limited, None, Some(contact), occasion).await?;
            return Ok(Sent::Limited { retry_after });
        }
        claim_contact(tx, contact, occasion).await?;
        let owner = tx.find_user_by_contact(&contact.key()).await?.map(|user| user.id);
        if let Some(owner) = owner {
            let proved = as_proved(tx, owner, contact).await?;
            send_notices(tx, &proved, MessageKind::AlreadyRegistered, occasion).await?;
        } else {
            let rules = occasion.rules();
            tx.insert_registration(registration, rules.registrations_per_contact).await?;
            let purpose = Purpose::Register(registration.id);
            send_code(tx, contact, purpose, CodeForm::of(CodeVersion::V1, occasion), occasion).await?;
        }
        let outcome = if owner.is_some() { Outcome::Refused } else { Outcome::Done };
        audit(tx, Action::Register, outcome, owner, Some(contact), occasion).await?;
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
            let occasion = this.occasion(origin);
            let rules = occasion.rules();
            let password = rules
                .passwords
                .check(&password, std::slice::from_ref(&contact), std::slice::from_ref(&name))
                .map_err(RegisterError::WeakPassword)?;
            // Asked before hashing, which costs much; asked again when the registration is kept.
            let early = WhenMayCodesBeSent { contacts: vec![contact.clone()], occasion: occasion.clone() };
            if let Sent::Limited { retry_after } = this.storage.read(early).await? {
                return Err(RegisterError::TooManyCodes { retry_after });
            }
            let password_hash = this.hasher.hash(&password).await?;
            let registration = PendingRegistration {
                id: RegistrationId::new(occasion.now, occasion.randomness()),
                contact,
                contact_type,
                name,
                password_hash,
                network: occasion.origin.network(),
                user_agent: occasion.origin.user_agent.clone(),
                created_at: occasion.now,
                expires_at: occasion.now + rules.registration_life,
            };
            Ok(this.send_by(KeepRegistration { registration, occasion }).await?)
        }
    }
}
