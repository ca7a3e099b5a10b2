//! Changing a user's name and administrator flag.

use asteroid_audit::{Action, AuditRepository};
use asteroid_identity::{InvalidName, PersonName, UserAdministrationRepository, UserRepository, UserVersion};
use asteroid_kernel::{StorageError, UnitOfWork, UserId};

use super::UserReference;
use crate::operator::Act;

/// A change of a name. A part that is not given stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameEdit {
    /// The parts that are given.
    name: PersonName,
    first: bool,
    last: bool,
}

impl NameEdit {
    /// Parses the parts that are given. A blank part becomes unknown.
    ///
    /// # Errors
    ///
    /// If a part is too long, or contains a control character.
    pub fn parse(first: Option<&str>, last: Option<&str>) -> Result<Self, InvalidName> {
        let name = PersonName::partial(first.unwrap_or_default(), last.unwrap_or_default())?;
        Ok(Self { name, first: first.is_some(), last: last.is_some() })
    }

    /// The name after the change.
    fn applied_to(&self, before: &PersonName) -> PersonName {
        let first = if self.first { &self.name } else { before }.first();
        let last = if self.last { &self.name } else { before }.last();
        PersonName::partial(first, last).expect("each part was a part of a name")
    }
}

/// Why a user was not edited.
#[derive(Debug, thiserror::Error)]
pub enum EditUserError {
    /// The user is no longer of the expected version: it was edited meanwhile.
    #[error("the user was changed meanwhile")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

pub(super) struct RenameUser {
    pub(super) user: UserReference,
    pub(super) act: Act,
    pub(super) name: NameEdit,
    pub(super) expected: Option<UserVersion>,
}

impl<Tx> UnitOfWork<Tx> for RenameUser
where
    Tx: UserRepository + UserAdministrationRepository + AuditRepository + Send,
{
    type Output = Option<UserId>;
    type Error = EditUserError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<UserId>, EditUserError> {
        let Some(found) = self.user.find(tx).await? else { return Ok(None) };
        let Some(profile) = tx.lock_profile(found.user.id).await? else { return Ok(None) };
        if self.expected.is_some_and(|expected| expected != profile.version()) {
            return Err(EditUserError::Stale);
        }
        let user = profile.user.id;
        tx.rename_user(user, &self.name.applied_to(&profile.user.name)).await?;
        self.act.record(tx, Action::EditUser, user).await?;
        Ok(Some(user))
    }
}

pub(super) struct SetAdministrator {
    pub(super) user: UserReference,
    pub(super) act: Act,
    pub(super) administrator: bool,
}

impl<Tx> UnitOfWork<Tx> for SetAdministrator
where
    Tx: UserRepository + UserAdministrationRepository + AuditRepository + Send,
{
    type Output = Option<UserId>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<UserId>, StorageError> {
        let Some(profile) = self.user.find(tx).await? else { return Ok(None) };
        let user = profile.user.id;
        if !tx.set_administrator(user, self.administrator).await? {
            return Ok(None);
        }
        let action = if self.administrator { Action::GrantAdmin } else { Action::RevokeAdmin };
        self.act.record(tx, action, user).await?;
        Ok(Some(user))
    }
}
