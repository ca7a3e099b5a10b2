use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{
    PasswordFlaw, PasswordHash, PasswordHasher, Profile, SessionRepository, UserRepository, Verdict,
};
use asteroid_kernel::{Contact, Storage, StorageError, Work};
use asteroid_limits::LimitRepository;
use asteroid_messaging::{MessageKind, OutboxRepository};

use super::profile::FindProfile;
use super::sign_in::{NoteWrongPassword, PasswordTry};
use super::steps::{CountedTry, addresses, admit_try, audit, forgive_try, send_notices};
use super::{Accounts, Occasion};
use crate::ports::{Caller, ChangePassword, ChangePasswordError};

/// Counts a try of the caller's own password.
struct BeginChange {
    caller: Caller,
    current: Option<PasswordHash>,
    occasion: Occasion,
}

impl<Tx: UserRepository + LimitRepository + AuditRepository + Send> Work<Tx> for BeginChange {
    type Done = PasswordTry;
    type Refused = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<PasswordTry, StorageError> {
        let user = self.caller.user;
        match admit_try(tx, Some(user), None, &self.occasion).await? {
            Ok(counted) => {
                let owner = self.current.clone().map(|hash| (user, hash));
                Ok(PasswordTry::Admitted { owner, counted })
            }
            Err(retry_after) => {
                let (action, outcome) = (Action::ChangePassword, Outcome::Limited);
                audit(tx, action, outcome, Some(user), None, &self.occasion).await?;
                Ok(PasswordTry::Limited { retry_after })
            }
        }
    }
}

/// Puts the new password in the place of the one that was just proved, ends every other session, and tells the
/// user. False if the password was changed meanwhile.
struct ReplacePassword {
    caller: Caller,
    verified: PasswordHash,
    new: PasswordHash,
    contacts: Vec<Contact>,
    counted: CountedTry,
    occasion: Occasion,
}

impl<Tx> Work<Tx> for ReplacePassword
where
    Tx: UserRepository + SessionRepository + OutboxRepository + LimitRepository + AuditRepository + Send,
{
    type Done = bool;
    type Refused = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StorageError> {
        let (user, occasion) = (self.caller.user, &self.occasion);
        let replaced = tx.replace_password(user, Some(&self.verified), &self.new).await?;
        if replaced {
            tx.revoke_sessions(user, Some(self.caller.session)).await?;
            forgive_try(tx, &self.counted, occasion).await?;
            send_notices(tx, &self.contacts, MessageKind::PasswordChanged, occasion).await?;
        }
        let outcome = if replaced { Outcome::Done } else { Outcome::Refused };
        audit(tx, Action::ChangePassword, outcome, Some(user), None, occasion).await?;
        Ok(replaced)
    }
}

impl<S, H> Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository + SessionRepository + OutboxRepository + LimitRepository + AuditRepository,
    H: PasswordHasher,
{
    pub(super) async fn replace_own_password(
        &self,
        request: ChangePassword,
    ) -> Result<(), ChangePasswordError> {
        let ChangePassword { caller, existing, new, origin } = request;
        let occasion = self.occasion(origin);
        let Some(Profile { user, contacts }) = self.storage.read(FindProfile(caller.user)).await? else {
            return Err(ChangePasswordError::InvalidExistingPassword);
        };
        let contacts = addresses(&contacts);
        let same = existing.expose() == new.expose();
        let checked = occasion.rules().passwords.check(&new, &contacts, std::slice::from_ref(&user.name));
        let new = match (checked, same) {
            (Ok(new), false) => new,
            (checked, same) => {
                let mut flaws = checked.err().unwrap_or_default();
                flaws.extend(same.then_some(PasswordFlaw::SameAsCurrent));
                return Err(ChangePasswordError::WeakPassword(flaws));
            }
        };
        let begin = BeginChange { caller, current: user.password_hash, occasion: occasion.clone() };
        let (owner, counted) = match self.storage.write(begin).await? {
            PasswordTry::Limited { retry_after } => {
                return Err(ChangePasswordError::TooManyAttempts { retry_after });
            }
            PasswordTry::Admitted { owner, counted } => (owner, counted),
        };
        let hash = owner.as_ref().map(|(_, hash)| hash);
        let verdict = self.hasher.verify(&existing, hash).await?;
        let (Some((_, verified)), Verdict::Match { .. }) = (&owner, verdict) else {
            let (action, user) = (Action::ChangePassword, Some(caller.user));
            self.storage.write(NoteWrongPassword { action, user, contact: None, occasion }).await?;
            return Err(ChangePasswordError::InvalidExistingPassword);
        };
        let new = self.hasher.hash(&new).await?;
        let occasion = self.occasion(occasion.origin);
        let replace =
            ReplacePassword { caller, verified: verified.clone(), new, contacts, counted, occasion };
        if !self.storage.write(replace).await? {
            return Err(ChangePasswordError::InvalidExistingPassword);
        }
        self.tools.signal.outbox_filled();
        Ok(())
    }
}
