//! Changing a password with the existing one.

use std::time::Duration;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{
    FamiliarAddressRepository, HashingError, NewPassword, Password, PasswordFlaw, PasswordHash,
    PasswordHasher, Profile, SessionRepository, UserRepository, Verdict,
};
use asteroid_kernel::{Contact, Origin, Storage, StorageError, UnitOfWork, UserId, unit_of_work};
use asteroid_limits::LimitRepository;
use asteroid_messaging::{MessageKind, OutboxRepository};

use super::address_budget::hold_address;
use super::admission::{TryAdmission, TryRefused, refuse_try};
use super::audit::audit;
use super::budgets::{HeldTry, RunningTry, TryOutcome};
use super::contacts::addresses;
use super::notices::send_notices;
use super::open_session::Caller;
use super::password_attempts::{
    PasswordAdmission, RecordFailedAttempt, Tried, clear_wrong_passwords, hold_password,
};
use super::{Accounts, RequestContext};

/// Replaces the caller's password.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// Whose password.
    pub caller: Caller,
    /// The password so far.
    pub existing: Password,
    /// The password from now on.
    pub new: Password,
    /// From where.
    pub origin: Origin,
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The new password does not meet the policy.
    #[error("the password is refused")]
    WeakPassword(Vec<PasswordFlaw>),
    /// The existing password is another.
    #[error("the existing password is wrong")]
    InvalidExistingPassword,
    /// Too many wrong passwords were tried.
    #[error("too many wrong passwords were tried")]
    TooManyAttempts {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// Other tries of this password are being checked, and took too long.
    #[error("too many tries of this password are being checked")]
    Busy {
        /// The time after which to retry.
        retry_after: Duration,
    },
    /// A password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<TryRefused> for ChangePasswordError {
    fn from(refused: TryRefused) -> Self {
        match refused {
            TryRefused::Limited { retry_after } => Self::TooManyAttempts { retry_after },
            TryRefused::Busy { retry_after } => Self::Busy { retry_after },
            TryRefused::Failed(error) => Self::Storage(error),
        }
    }
}

asteroid_kernel::port! {
    /// Changes passwords.
    pub trait PasswordChanges {
        /// Replaces the caller's password, ends all other sessions of the user, and tells the user.
        async fn change_password(&self, request: ChangePassword) -> Result<(), ChangePasswordError>;
    }
}

/// Begins a try of the caller's own password, if it may be.
struct BeginChange {
    user: UserId,
    contacts: Vec<Contact>,
    context: RequestContext,
    recorded: bool,
}

impl<Tx: UserRepository + FamiliarAddressRepository + LimitRepository + AuditRepository + Send> UnitOfWork<Tx>
    for BeginChange
{
    type Output = TryAdmission<RunningTry>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<TryAdmission<RunningTry>, StorageError> {
        let Self { user, contacts, context, recorded } = self;
        let event = (Action::ChangePassword, Some(*user), None);
        let mut held = HeldTry::new(context);
        if let Some(not_now) = hold_address(tx, &mut held, event, context, *recorded).await? {
            return Ok(not_now);
        }
        let admission = hold_password(tx, &mut held, Tried::Own(*user, contacts), context).await?;
        if let PasswordAdmission::Limited(limited) = admission {
            return refuse_try(tx, &limited, event, context, *recorded).await;
        }
        held.begin(tx, *recorded).await
    }
}

/// Puts the new password in the place of the one that was just proved, ends every other session, and tells the
/// user. False if the password was changed meanwhile.
struct ReplacePassword {
    caller: Caller,
    verified: PasswordHash,
    new: PasswordHash,
    contacts: Vec<Contact>,
    running: RunningTry,
    context: RequestContext,
}

impl<Tx> UnitOfWork<Tx> for ReplacePassword
where
    Tx: UserRepository + SessionRepository + OutboxRepository + LimitRepository + AuditRepository + Send,
{
    type Output = bool;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StorageError> {
        let (user, context) = (self.caller.user, &self.context);
        let replaced = tx.replace_password(user, Some(&self.verified), &self.new).await?;
        if replaced {
            tx.revoke_sessions(user, Some(self.caller.session)).await?;
            send_notices(tx, &self.contacts, MessageKind::PasswordChanged, context.now, context.randomness())
                .await?;
        }
        let (settled, outcome) = if replaced {
            (TryOutcome::Succeeded, Outcome::Done)
        } else {
            (TryOutcome::Failed, Outcome::Refused)
        };
        self.running.settle(tx, settled, context).await?;
        if replaced {
            clear_wrong_passwords(tx, user, &self.contacts).await?;
        }
        audit(tx, Action::ChangePassword, outcome, Some(user), None, context).await?;
        Ok(replaced)
    }
}

/// Whose password is to be changed, and what of it was found out so far.
pub(super) struct Change {
    caller: Caller,
    current: Option<PasswordHash>,
    contacts: Vec<Contact>,
    pub(super) context: RequestContext,
}

impl<S, H> Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository
        + FamiliarAddressRepository
        + SessionRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository,
    H: PasswordHasher,
{
    /// Looks up whose password it is, and holds the new one against the policy.
    pub(super) async fn begin_change(
        &self,
        caller: Caller,
        new: Option<&Password>,
        origin: Origin,
    ) -> Result<(Change, Result<Option<NewPassword>, Vec<PasswordFlaw>>), StorageError> {
        let context = self.context(origin);
        let profile = self
            .storage
            .read(unit_of_work(caller.user, |user, tx: &mut S::Tx| Box::pin(tx.find_profile(*user))))
            .await?;
        let (user, contacts) = match profile {
            Some(Profile { user, contacts }) => (Some(user), addresses(&contacts)),
            None => (None, Vec::new()),
        };
        let names: Vec<_> = user.iter().map(|user| user.name.clone()).collect();
        let policy = &context.rules().passwords;
        let checked = new.map(|new| policy.check(new, &contacts, &names)).transpose();
        let current = user.and_then(|user| user.password_hash);
        Ok((Change { caller, current, contacts, context }, checked))
    }

    /// Begins a try of the existing password.
    pub(super) async fn begin_try(&self, change: &Change) -> Result<RunningTry, TryRefused> {
        let begin = |context, recorded| BeginChange {
            user: change.caller.user,
            contacts: change.contacts.clone(),
            context,
            recorded,
        };
        self.admit_try(&change.context.origin, begin).await
    }

    pub(super) async fn is_current(
        &self,
        change: &Change,
        password: &Password,
    ) -> Result<bool, HashingError> {
        let verdict = self.hasher.verify(password, change.current.as_ref()).await?;
        Ok(matches!(verdict, Verdict::Match { .. }))
    }

    pub(super) async fn note_wrong(&self, change: &Change, running: RunningTry) -> Result<(), StorageError> {
        let (action, user) = (Action::ChangePassword, Some(change.caller.user));
        let context = self.context(change.context.origin.clone());
        self.storage.write(RecordFailedAttempt { action, user, contact: None, running, context }).await
    }

    /// Puts the new password in the place of the one that was just proved. False if that was changed meanwhile.
    pub(super) async fn finish_change(
        &self,
        change: Change,
        new: PasswordHash,
        running: RunningTry,
    ) -> Result<bool, StorageError> {
        let Change { caller, current: Some(verified), contacts, context } = change else { return Ok(false) };
        let context = self.context(context.origin);
        let replace = ReplacePassword { caller, verified, new, contacts, running, context };
        let replaced = self.storage.write(replace).await?;
        if replaced {
            self.tools.signal.outbox_filled();
        }
        Ok(replaced)
    }
}

impl<S, H> PasswordChanges for Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository
        + FamiliarAddressRepository
        + SessionRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository,
    H: PasswordHasher,
{
    async fn change_password(&self, request: ChangePassword) -> Result<(), ChangePasswordError> {
        let ChangePassword { caller, existing, new, origin } = request;
        let (change, checked) = self.begin_change(caller, Some(&new), origin).await?;
        let same = existing.expose() == new.expose();
        let new = match (checked, same) {
            (Ok(Some(new)), false) => new,
            (checked, same) => {
                let mut flaws = checked.err().unwrap_or_default();
                flaws.extend(same.then_some(PasswordFlaw::SameAsCurrent));
                return Err(ChangePasswordError::WeakPassword(flaws));
            }
        };
        let running = self.begin_try(&change).await?;
        match self.is_current(&change, &existing).await {
            Ok(true) => {}
            Ok(false) => {
                self.note_wrong(&change, running).await?;
                return Err(ChangePasswordError::InvalidExistingPassword);
            }
            Err(error) => return Err(self.give_back(running, &change.context, error.into()).await),
        }
        let new = match self.hasher.hash(&new).await {
            Ok(new) => new,
            Err(error) => return Err(self.give_back(running, &change.context, error.into()).await),
        };
        if self.finish_change(change, new, running).await? {
            Ok(())
        } else {
            Err(ChangePasswordError::InvalidExistingPassword)
        }
    }
}
