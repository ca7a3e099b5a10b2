//! Changing a user's name and administrator flag.

use asteroid_audit::{Action, AuditRepository};
use asteroid_identity::{PersonName, UserAdministrationRepository, UserRepository};
use asteroid_kernel::{StorageError, UnitOfWork, UserId};

use super::UserReference;
use crate::operator::Act;

pub(super) enum Edit {
    Name(PersonName),
    Administrator(bool),
}

pub(super) struct EditUser {
    pub(super) user: UserReference,
    pub(super) act: Act,
    pub(super) edit: Edit,
}

impl<Tx> UnitOfWork<Tx> for EditUser
where
    Tx: UserRepository + UserAdministrationRepository + AuditRepository + Send,
{
    type Output = Option<UserId>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<UserId>, StorageError> {
        let Some(profile) = self.user.find(tx).await? else { return Ok(None) };
        let user = profile.user.id;
        let (done, action) = match &self.edit {
            Edit::Name(name) => (tx.rename_user(user, name).await?, Action::EditUser),
            Edit::Administrator(true) => (tx.set_administrator(user, true).await?, Action::GrantAdmin),
            Edit::Administrator(false) => (tx.set_administrator(user, false).await?, Action::RevokeAdmin),
        };
        if !done {
            return Ok(None);
        }
        self.act.record(tx, action, user).await?;
        Ok(Some(user))
    }
}
