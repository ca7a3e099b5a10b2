use std::future::Future;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{
    FamiliarAddressRepository, NewPassword, Password, PasswordFlaw, PasswordHash, PasswordHasher,
    SessionRepository, UserRepository,
};
use asteroid_kernel::{Contact, Storage, StorageError, UnitOfWork};
use asteroid_limits::LimitRepository;
use asteroid_messaging::{MessageKind, OutboxRepository};
use asteroid_verification::{ChallengeRepository, CodeGuess, Purpose, PurposeKind};

use super::send_codes::Sent;
use super::steps::{
    CodeForm, addresses, audit, enabled_owner, failures_key, reserve_sends, send_code, send_decoy,
    send_notices, try_code, verified_spelling,
};
use super::{Accounts, RequestContext};
use crate::ports::{
    ChangePassword, ChangePasswordError, CodeVersion, ForgotPassword, Passwords, ResetPassword,
    ResetPasswordError, SendCodesError,
};

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

/// Redeems a reset code: sets the password, ends every session, and tells the user. False is a rejected guess; it is
/// committed, because it was reservation.
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
        tx.remove_limit(&failures_key(user)).await?;
        send_notices(tx, &contacts, MessageKind::PasswordReset, context).await?;
        audit(tx, Action::ResetPassword, Outcome::Done, Some(user), Some(contact), context).await?;
        Ok(true)
    }
}

impl<S, H> Passwords for Accounts<S, H>
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
    fn change_password(
        &self,
        request: ChangePassword,
    ) -> impl Future<Output = Result<(), ChangePasswordError>> + Send {
        self.replace_own_password(request)
    }

    async fn forgot_password(&self, request: ForgotPassword) -> Result<(), SendCodesError> {
        let ForgotPassword { contact, origin } = request;
        let work = SendResetCode { contact, context: self.context(origin) };
        self.send_by(work).await
    }

    async fn reset_password(&self, request: ResetPassword) -> Result<(), ResetPasswordError> {
        let ResetPassword { contact, guess, new: password, origin } = request;
        let context = self.context(origin);
        // Only what the caller gave is checked before the code is: the owner's name is nobody else's business.
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
