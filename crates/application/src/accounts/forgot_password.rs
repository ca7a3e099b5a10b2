//! Sending a code to reset a password.

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{FamiliarAddressRepository, UserRepository};
use asteroid_kernel::{Contact, Origin, Storage, StorageError, UnitOfWork};
use asteroid_limits::LimitRepository;
use asteroid_messaging::OutboxRepository;
use asteroid_verification::{ChallengeRepository, Purpose};

use super::Accounts;
use super::audit::audit;
use super::codes::{CodeForm, CodeVersion, send_code, send_decoy};
use super::contacts::{NO_USER, enabled_owner, verified_spelling};
use super::rate_limits::LimitedSends;
use super::send_codes::{SendCodesError, Sent};

/// Asks for a code to set a new password with.
#[derive(Clone, Debug)]
pub struct ForgotPassword {
    /// A verified contact of the user.
    pub contact: Contact,
    /// From where.
    pub origin: Origin,
}

asteroid_kernel::port! {
    /// Sends codes to set a new password with.
    pub trait PasswordResetRequests {
        /// Sends a reset code to the contact of an enabled user. To anyone else nothing is sent; the answer is the
        /// same.
        async fn forgot_password(&self, request: ForgotPassword) -> Result<(), SendCodesError>;
    }
}

/// Sends a reset code to the contact's owner, if that user may sign in.
struct SendResetCode {
    contact: Contact,
    sends: LimitedSends,
}

impl<Tx> UnitOfWork<Tx> for SendResetCode
where
    Tx: UserRepository
        + FamiliarAddressRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository
        + Send,
{
    type Output = Sent;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Sent, StorageError> {
        let (contact, context) = (&self.contact, &self.sends.context);
        if let Err(retry_after) = self.sends.reserve(tx).await? {
            return Ok(Sent::Limited { retry_after });
        }
        let owner = enabled_owner(tx, contact).await?.map(|user| user.id);
        let proved = verified_spelling(tx, owner.unwrap_or(NO_USER), contact).await?;
        let form = CodeForm::of(CodeVersion::V1, context);
        match &proved {
            Some(proved) => send_code(tx, proved, Purpose::Reset, form, context).await?,
            None => send_decoy(tx, contact, Purpose::Reset, form, context).await?,
        }
        let outcome = if proved.is_some() { Outcome::Done } else { Outcome::Refused };
        audit(tx, Action::ForgotPassword, outcome, owner, Some(contact), context).await?;
        Ok(Sent::Sent)
    }
}

impl<S, H> PasswordResetRequests for Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository
        + FamiliarAddressRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository,
    H: Send + Sync + 'static,
{
    async fn forgot_password(&self, request: ForgotPassword) -> Result<(), SendCodesError> {
        let ForgotPassword { contact, origin } = request;
        let (contacts, context) = (vec![contact.clone()], self.context(origin));
        let sends = LimitedSends { contacts, action: Action::ForgotPassword, context };
        self.send_requested(sends, |sends| SendResetCode { contact, sends }).await
    }
}
