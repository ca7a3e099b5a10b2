//! Enabling and disabling users.

use asteroid_audit::{Action, AuditRepository};
use asteroid_identity::{SessionRepository, UserAdministrationRepository, UserRepository, UserStatus};
use asteroid_kernel::{StorageError, UnitOfWork, UserId};

use super::UserReference;
use crate::operator::Act;

/// The outcome of enabling or disabling a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// The user.
    pub user: UserId,
    /// Whether the user had another status before.
    pub changed: bool,
    /// The number of sessions that ended.
    pub ended_sessions: u64,
}

pub(super) struct SetStatus {
    pub(super) user: UserReference,
    pub(super) act: Act,
    pub(super) status: UserStatus,
}

impl<Tx> UnitOfWork<Tx> for SetStatus
where
    Tx: UserRepository + UserAdministrationRepository + SessionRepository + AuditRepository + Send,
{
    type Output = Option<StatusChange>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<StatusChange>, StorageError> {
        let Some(profile) = self.user.find(tx).await? else { return Ok(None) };
        let user = profile.user.id;
        // The status first: it locks the user, so that no sign-in opens a session behind the end of the others.
        if !tx.set_status(user, self.status).await? {
            return Ok(None);
        }
        let (action, ended_sessions) = match self.status {
            UserStatus::Enabled => (Action::EnableUser, 0),
            UserStatus::Disabled => (Action::DisableUser, tx.revoke_sessions(user, None).await?),
        };
        self.act.record(tx, action, user).await?;
        Ok(Some(StatusChange { user, changed: profile.user.status != self.status, ended_sessions }))
    }
}
