//! Sending a code to reset a password.

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::UserRepository;
use asteroid_kernel::{Contact, Origin, Storage, StorageError, UnitOfWork};
use asteroid_limits::LimitRepository;
use asteroid_messaging::OutboxRepository;
use asteroid_verification::{ChallengeRepository, Purpose};

use super::audit::audit;
use super::codes::{CodeForm, CodeVersion, send_code, send_decoy};
use super::contacts::{enabled_owner, verified_spelling};
use super::rate_limits::reserve_sends;
use super::send_codes::{SendCodesError, Sent};
use super::{Accounts, RequestContext};

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
    context: RequestContext,
}

impl<Tx> UnitOfWork<Tx> for SendResetCode
where
    Tx: UserRepository + ChallengeRepository + OutboxRepository + LimitRepository + AuditRepository + Send,
{
    type Output = Sent;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Sent, StorageError> {
        let (contact, context) = (&self.contact, &self.context);
        let action = Action::ForgotPassword;
        if let Err(retry_after) = reserve_sends(tx, std::slice::from_ref(contact), context).await? {
            audit(tx, action, Outcome::Limited, None, Some(contact), context).await?;
            return Ok(Sent::Limited { retry_after });
        }
        let owner = enabled_owner(tx, contact).await?.map(|user| user.id);
        let proved = match owner {
            Some(owner) => verified_spelling(tx, owner, contact).await?,
            None => None,
        };
        let form = CodeForm::of(CodeVersion::V1, context);
        match &proved {
            Some(proved) => send_code(tx, proved, Purpose::Reset, form, context).await?,
            None => send_decoy(tx, contact, Purpose::Reset, form, context).await?,
        }
        let outcome = if proved.is_some() { Outcome::Done } else { Outcome::Refused };
        audit(tx, action, outcome, owner, Some(contact), context).await?;
        Ok(Sent::Sent)
    }
}

impl<S, H> PasswordResetRequests for Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository + ChallengeRepository + OutboxRepository + LimitRepository + AuditRepository,
    H: Send + Sync + 'static,
{
    async fn forgot_password(&self, request: ForgotPassword) -> Result<(), SendCodesError> {
        let ForgotPassword { contact, origin } = request;
        let work = SendResetCode { contact, context: self.context(origin) };
        self.send_by(work).await
    }
}
