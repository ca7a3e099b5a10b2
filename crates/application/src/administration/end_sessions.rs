//! Ending sessions of a user.

use asteroid_audit::{Action, AuditRepository};
use asteroid_identity::{SessionRepository, UserRepository};
use asteroid_kernel::{SessionId, StorageError, UnitOfWork, UserId};

use super::UserReference;
use crate::operator::Act;

/// The sessions of a user that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedSessions {
    /// The user.
    pub user: UserId,
    /// The number of sessions that ended.
    pub count: u64,
}

pub(super) struct EndSessions {
    pub(super) user: UserReference,
    pub(super) act: Act,
    pub(super) session: Option<SessionId>,
}

impl<Tx: UserRepository + SessionRepository + AuditRepository + Send> UnitOfWork<Tx> for EndSessions {
    type Output = Option<EndedSessions>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<EndedSessions>, StorageError> {
        let Some(profile) = self.user.find(tx).await? else { return Ok(None) };
        let user = profile.user.id;
        let count = match self.session {
            Some(session) => u64::from(tx.revoke_session(user, session).await?),
            None => tx.revoke_sessions(user, None).await?,
        };
        // A session that the user does not have is no act.
        if self.session.is_none() || count > 0 {
            self.act.record(tx, Action::RevokeSessions, user).await?;
        }
        Ok(Some(EndedSessions { user, count }))
    }
}
