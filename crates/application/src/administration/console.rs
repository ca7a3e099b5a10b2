//! Sessions of the console.

use std::time::Duration;

use asteroid_identity::{
    FoundSession, Profile, SessionLifetime, SessionRepository, SessionToken, SessionTokenHash, UserRepository,
};
use asteroid_kernel::{SessionId, Storage, StorageError, Timestamp, UnitOfWork, unit_of_work};

use super::{AdministrationRepositories, Administrators};

/// A session of the console ends when it was not used for this long (NIST SP 800-63B-4, 2.2.3).
const IDLE: Duration = Duration::from_mins(30);
/// What cannot be undone needs a sign-in that is not older.
const RECENT: Duration = Duration::from_mins(10);

/// A live session of an administrator in the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleSession {
    /// The administrator.
    pub profile: Profile,
    /// The session.
    pub session: SessionId,
    /// Whether the administrator signed in recently enough for what cannot be undone.
    pub is_recent: bool,
}

struct FindSession {
    token: SessionTokenHash,
    now: Timestamp,
    lifetime: SessionLifetime,
}

impl<Tx: UserRepository + SessionRepository + Send> UnitOfWork<Tx> for FindSession {
    type Output = Option<(ConsoleSession, bool)>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Self::Output, StorageError> {
        let found = tx.find_session_by_token(&self.token).await?;
        let live = found.and_then(|found: FoundSession| found.live(self.now, &self.lifetime));
        let Some(session) = live else { return Ok(None) };
        let Some(profile) = tx.find_profile(session.user).await? else { return Ok(None) };
        if !profile.user.administrator {
            return Ok(None);
        }
        let is_recent = self.now < session.created_at + RECENT;
        let is_touch_due = session.is_touch_due(self.now, &self.lifetime);
        Ok(Some((ConsoleSession { profile, session: session.id, is_recent }, is_touch_due)))
    }
}

impl<S: Storage<Tx: AdministrationRepositories>, H> Administrators<S, H> {
    pub(super) async fn find_console_session(
        &self,
        token: &SessionToken,
    ) -> Result<Option<ConsoleSession>, StorageError> {
        let now = self.clock.now();
        let lifetime = SessionLifetime { idle: IDLE.min(self.rules.sessions.idle), ..self.rules.sessions };
        let find = FindSession { token: token.console_hash(), now, lifetime };
        let Some((found, is_touch_due)) = self.storage.read(find).await? else { return Ok(None) };
        if is_touch_due {
            let touch = unit_of_work((found.session, now), |(session, now), tx: &mut S::Tx| {
                Box::pin(tx.touch_session(*session, *now))
            });
            if let Err(error) = self.storage.write(touch).await {
                tracing::warn!(%error, "the use of a session could not be written down");
            }
        }
        Ok(Some(found))
    }
}
