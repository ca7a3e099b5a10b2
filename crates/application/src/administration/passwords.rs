//! Setting passwords, and requiring users to reset theirs.

use asteroid_audit::{Action, AuditRepository};
use asteroid_identity::{
    FamiliarAddressRepository, HashingError, Password, PasswordFlaw, PasswordHash, PasswordHasher,
    SessionRepository, UserAdministrationRepository, UserRepository,
};
use asteroid_kernel::{Contact, Storage, StorageError, UnitOfWork, unit_of_work};
use asteroid_limits::LimitRepository;
use asteroid_messaging::{MessageKind, OutboxRepository};

use super::{AdministrationRepositories, Administrators, EndedSessions, UserReference};
use crate::accounts::{forget_wrong_passwords, send_notices};
use crate::operator::{Act, Operator};

/// Why a password was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetPasswordError {
    /// The password does not meet the policy.
    #[error("the password is refused")]
    WeakPassword(Vec<PasswordFlaw>),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

pub(super) struct RequireReset {
    pub(super) user: UserReference,
    pub(super) act: Act,
}

impl<Tx> UnitOfWork<Tx> for RequireReset
where
    Tx: UserRepository + UserAdministrationRepository + SessionRepository + AuditRepository + Send,
{
    type Output = Option<EndedSessions>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<EndedSessions>, StorageError> {
        let Some(profile) = self.user.find(tx).await? else { return Ok(None) };
        let user = profile.user.id;
        if !tx.clear_password(user).await? {
            return Ok(None);
        }
        let count = tx.revoke_sessions(user, None).await?;
        self.act.record(tx, Action::RequireReset, user).await?;
        Ok(Some(EndedSessions { user, count }))
    }
}

struct SetPassword {
    user: UserReference,
    act: Act,
    hash: PasswordHash,
}

impl<Tx> UnitOfWork<Tx> for SetPassword
where
    Tx: UserRepository
        + FamiliarAddressRepository
        + SessionRepository
        + LimitRepository
        + OutboxRepository
        + AuditRepository
        + Send,
{
    type Output = Option<EndedSessions>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<EndedSessions>, StorageError> {
        let Some(profile) = self.user.find(tx).await? else { return Ok(None) };
        let user = profile.user.id;
        if !tx.replace_password(user, None, &self.hash).await? {
            return Ok(None);
        }
        let count = tx.revoke_sessions(user, None).await?;
        forget_wrong_passwords(tx, &profile).await?;
        let (contacts, act) = (profile.contacts.iter().map(|own| &own.contact), &self.act);
        send_notices(tx, contacts, MessageKind::PasswordChanged, act.now, &*act.randomness).await?;
        self.act.record(tx, Action::SetPassword, user).await?;
        Ok(Some(EndedSessions { user, count }))
    }
}

pub(super) async fn set<S, H>(
    administrators: &Administrators<S, H>,
    user: UserReference,
    password: Password,
    operator: Operator,
) -> Result<Option<EndedSessions>, SetPasswordError>
where
    S: Storage<Tx: AdministrationRepositories>,
    H: PasswordHasher,
{
    let find = unit_of_work(user, |user, tx: &mut S::Tx| Box::pin(user.find(tx)));
    let Some(profile) = administrators.storage.read(find).await? else { return Ok(None) };
    let contacts: Vec<Contact> = profile.contacts.iter().map(|own| own.contact.clone()).collect();
    let names = std::slice::from_ref(&profile.user.name);
    let checked = administrators.rules.passwords.check(&password, &contacts, names);
    let hash = administrators.hasher.hash(&checked.map_err(SetPasswordError::WeakPassword)?).await?;
    // By the id: the contact may have another owner by now, whose password this is not.
    let (user, act) = (profile.user.id.into(), administrators.act(operator));
    Ok(administrators.storage.write(SetPassword { user, act, hash }).await?)
}
