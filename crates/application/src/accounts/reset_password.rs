//! Setting a new password with a code.

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{
    FamiliarAddressRepository, HashingError, NewPassword, Password, PasswordFlaw, PasswordHash,
    PasswordHasher, SessionRepository, UserRepository,
};
use asteroid_kernel::{Contact, Origin, Storage, StorageError, UnitOfWork};
use asteroid_limits::LimitRepository;
use asteroid_messaging::{MessageKind, OutboxRepository};
use asteroid_verification::{ChallengeRepository, CodeGuess, PurposeKind};

use super::audit::audit;
use super::codes::try_code;
use super::contacts::{addresses, enabled_owner};
use super::notices::send_notices;
use super::password_attempts::clear_wrong_passwords;
use super::{Accounts, RequestContext};

/// Sets a new password with a code.
#[derive(Clone, Debug)]
pub struct ResetPassword {
    /// Where the code was sent.
    pub contact: Contact,
    /// What was typed.
    pub guess: CodeGuess,
    /// The password from now on.
    pub new: Password,
    /// From where.
    pub origin: Origin,
}

/// Why a password was not reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The new password does not meet the policy; the code is not used up.
    #[error("the password is refused")]
    WeakPassword(Vec<PasswordFlaw>),
    /// Wrong, expired, used, never sent, for another purpose, or out of guesses; the error does not show which.
    #[error("the code is invalid")]
    InvalidCode,
    /// The new password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

asteroid_kernel::port! {
    /// Sets new passwords with codes.
    pub trait PasswordResets {
        /// Sets a new password with a reset code, ends all sessions of the user, and tells the user.
        async fn reset_password(&self, request: ResetPassword) -> Result<(), ResetPasswordError>;
    }
}

/// Redeems a reset code: sets the password, ends every session, and tells the user. False is a rejected guess; it is
/// committed, because it was counted.
struct RedeemResetCode {
    contact: Contact,
    guess: CodeGuess,
    password: Password,
    new: PasswordHash,
    context: RequestContext,
}

/// Why a right code is not used up.
enum NotReset {
    /// The password holds what only the code's owner may learn that it holds.
    WeakPassword(Vec<PasswordFlaw>),
    Storage(StorageError),
}

impl From<StorageError> for NotReset {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl<Tx> UnitOfWork<Tx> for RedeemResetCode
where
    Tx: UserRepository
        + FamiliarAddressRepository
        + SessionRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository
        + Send,
{
    type Output = bool;
    type Error = NotReset;

    async fn run(&self, tx: &mut Tx) -> Result<bool, NotReset> {
        let (contact, context) = (&self.contact, &self.context);
        let redeemed = try_code(tx, contact, &[PurposeKind::Reset], &self.guess, context).await?;
        let owner = match redeemed {
            Some(_) => enabled_owner(tx, contact).await?,
            None => None,
        };
        let user = owner.as_ref().map(|user| user.id);
        let profile = match user {
            Some(user) => tx.find_profile(user).await?,
            None => None,
        };
        let Some(profile) = profile else {
            audit(tx, Action::ResetPassword, Outcome::Refused, user, Some(contact), context).await?;
            return Ok(false);
        };
        let (user, contacts) = (profile.user.id, addresses(&profile.contacts));
        let names = std::slice::from_ref(&profile.user.name);
        if let Err(flaws) = context.rules().passwords.check(&self.password, &contacts, names) {
            return Err(NotReset::WeakPassword(flaws));
        }
        tx.end_challenges(&contact.key(), &[PurposeKind::Reset], context.now).await?;
        tx.replace_password(user, None, &self.new).await?;
        tx.record_password_reset(user, &contact.key(), context.now).await?;
        tx.revoke_sessions(user, None).await?;
        clear_wrong_passwords(tx, user, &contacts).await?;
        send_notices(tx, &contacts, MessageKind::PasswordReset, context).await?;
        audit(tx, Action::ResetPassword, Outcome::Done, Some(user), Some(contact), context).await?;
        Ok(true)
    }
}

impl<S, H> PasswordResets for Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository
        + FamiliarAddressRepository
        + SessionRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository,
    H: PasswordHasher,
{
    async fn reset_password(&self, request: ResetPassword) -> Result<(), ResetPasswordError> {
        let ResetPassword { contact, guess, new: password, origin } = request;
        let context = self.context(origin);
        // Before the code is right, the password is checked against the request alone: an error must not show the owner's name.
        let checked: NewPassword = context
            .rules()
            .passwords
            .check(&password, std::slice::from_ref(&contact), &[])
            .map_err(ResetPasswordError::WeakPassword)?;
        let new = self.hasher.hash(&checked).await?;
        let context = self.context(context.origin);
        let work = RedeemResetCode { contact, guess, password, new, context };
        match self.storage.write(work).await {
            Ok(true) => {
                self.tools.signal.outbox_filled();
                Ok(())
            }
            Ok(false) => Err(ResetPasswordError::InvalidCode),
            Err(NotReset::WeakPassword(flaws)) => Err(ResetPasswordError::WeakPassword(flaws)),
            Err(NotReset::Storage(error)) => Err(error.into()),
        }
    }
}
