//! Setting a new password with a code.

use std::time::Duration;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{
    FamiliarAddressRepository, HashingError, NewPassword, Password, PasswordFlaw, PasswordHash,
    PasswordHasher, SessionRepository, UserRepository,
};
use asteroid_kernel::{Contact, Origin, Storage, StorageError, UnitOfWork};
use asteroid_limits::LimitRepository;
use asteroid_messaging::{MessageKind, OutboxRepository};
use asteroid_verification::{ChallengeRepository, CodeGuess, PurposeKind};

use super::address_budget::hold_address;
use super::admission::{TryAdmission, TryRefused};
use super::audit::audit;
use super::budgets::HeldTry;
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

impl From<TryRefused<NotReset>> for ResetPasswordError {
    fn from(refused: TryRefused<NotReset>) -> Self {
        match refused {
            TryRefused::Limited { retry_after } => Self::TooManyAttempts { retry_after },
            TryRefused::Busy { retry_after } => Self::Busy { retry_after },
            TryRefused::Failed(NotReset::WeakPassword(flaws)) => Self::WeakPassword(flaws),
            TryRefused::Failed(NotReset::Storage(error)) => Self::Storage(error),
        }
    }
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
    type Output = TryAdmission<bool>;
    type Error = NotReset;

    async fn run(&self, tx: &mut Tx) -> Result<TryAdmission<bool>, NotReset> {
        let (contact, context) = (&self.contact, &self.context);
        let (mut held, event) = (HeldTry::new(context), (Action::ResetPassword, None, Some(contact)));
        if let Some(not_now) = hold_address(tx, &mut held, event, context, true).await? {
            return Ok(not_now);
        }
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
            held.failed_at_once(tx).await?;
            return Ok(TryAdmission::Admitted(false));
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
        send_notices(tx, &contacts, MessageKind::PasswordReset, context.now, context.randomness()).await?;
        audit(tx, Action::ResetPassword, Outcome::Done, Some(user), Some(contact), context).await?;
        Ok(TryAdmission::Admitted(true))
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
        self.hasher.check_capacity()?;
        // Before hashing, which costs much.
        let tried = (Action::ResetPassword, &contact);
        if let TryAdmission::Limited { retry_after, .. } =
            self.look_at_address(&context.origin, tried.0, tried.1).await?
        {
            return Err(ResetPasswordError::TooManyAttempts { retry_after });
        }
        let new = self.hasher.hash(&checked).await?;
        let redeem = |context| RedeemResetCode {
            contact: contact.clone(),
            guess: guess.clone(),
            password: password.clone(),
            new: new.clone(),
            context,
        };
        if !self.try_at_once(&context.origin, tried, redeem).await? {
            return Err(ResetPasswordError::InvalidCode);
        }
        self.tools.signal.outbox_filled();
        Ok(())
    }
}
