//! [`SessionRepository`] in memory.

use std::cmp::Reverse;

use asteroid_identity::{FoundSession, Session, SessionRepository, SessionTokenHash};
use asteroid_kernel::{SessionId, StorageError, Timestamp, UserId};
use imbl::OrdMap;

use crate::MemoryTx;
use crate::storage::State;
use crate::table::oldest_beyond;

/// All sessions, and an index by token.
#[derive(Clone, Default)]
pub(crate) struct Sessions {
    by_id: OrdMap<SessionId, Session>,
    by_token: OrdMap<SessionTokenHash, SessionId>,
}

impl Sessions {
    fn insert(&mut self, session: Session) {
        if let Some(token) = session.token {
            self.by_token.insert(token, session.id);
        }
        self.by_id.insert(session.id, session);
    }

    fn of_user(&self, user: UserId) -> impl Iterator<Item = &Session> {
        self.by_id.values().filter(move |session| session.user == user)
    }

    fn remove(&mut self, id: SessionId) {
        if let Some(token) = self.by_id.remove(&id).and_then(|session| session.token) {
            self.by_token.remove(&token);
        }
    }

    pub(super) fn remove_where(&mut self, is_removed: impl Fn(&Session) -> bool) -> u64 {
        let removed: Vec<SessionId> =
            self.by_id.values().filter(|session| is_removed(session)).map(|session| session.id).collect();
        for id in &removed {
            self.remove(*id);
        }
        removed.len() as u64
    }
}

impl State {
    fn found_session(&self, id: SessionId) -> Option<FoundSession> {
        let session = self.sessions.by_id.get(&id)?.clone();
        Some(FoundSession { user_status: self.users.status(session.user)?, session })
    }
}

impl SessionRepository for MemoryTx {
    async fn insert_session(&mut self, session: &Session, at_most: usize) -> Result<(), StorageError> {
        let sessions = &mut self.state_mut()?.sessions;
        sessions.insert(session.clone());
        let all = sessions.of_user(session.user).map(|session| (session.created_at, session.id));
        for id in oldest_beyond(at_most, all) {
            sessions.remove(id);
        }
        Ok(())
    }

    async fn find_session_by_token(
        &mut self,
        token: &SessionTokenHash,
    ) -> Result<Option<FoundSession>, StorageError> {
        let id = self.state().sessions.by_token.get(token);
        Ok(id.and_then(|id| self.state().found_session(*id)))
    }

    async fn find_session(&mut self, id: SessionId) -> Result<Option<FoundSession>, StorageError> {
        Ok(self.state().found_session(id))
    }

    async fn list_sessions(&mut self, user: UserId) -> Result<Vec<Session>, StorageError> {
        let mut sessions: Vec<_> = self.state().sessions.of_user(user).cloned().collect();
        sessions.sort_unstable_by_key(|one| Reverse((one.created_at, one.id)));
        Ok(sessions)
    }

    async fn touch_session(&mut self, id: SessionId, at: Timestamp) -> Result<(), StorageError> {
        if let Some(session) = self.state_mut()?.sessions.by_id.get_mut(&id) {
            session.last_used_at = at.max(session.last_used_at);
        }
        Ok(())
    }

    async fn revoke_session(&mut self, user: UserId, id: SessionId) -> Result<bool, StorageError> {
        let sessions = &mut self.state_mut()?.sessions;
        let is_own = sessions.by_id.get(&id).is_some_and(|session| session.user == user);
        if is_own {
            sessions.remove(id);
        }
        Ok(is_own)
    }

    async fn revoke_sessions(&mut self, user: UserId, keep: Option<SessionId>) -> Result<u64, StorageError> {
        let sessions = &mut self.state_mut()?.sessions;
        Ok(sessions.remove_where(|session| session.user == user && Some(session.id) != keep))
    }

    async fn signed_sessions(
        &mut self,
        now: Timestamp,
        idle_since: Timestamp,
        began_before: Timestamp,
    ) -> Result<(u64, Option<Timestamp>), StorageError> {
        let is_wanted = |one: &&Session| {
            let is_live = one.expires_at > now && one.last_used_at > idle_since;
            one.token.is_none() && is_live && one.created_at < began_before
        };
        let ends = || self.state().sessions.by_id.values().filter(is_wanted).map(|one| one.expires_at);
        Ok((ends().count() as u64, ends().max()))
    }

    async fn count_live_sessions(
        &mut self,
        now: Timestamp,
        idle_since: Timestamp,
        at_most: usize,
    ) -> Result<usize, StorageError> {
        let is_live = |one: &&Session| one.expires_at > now && one.last_used_at > idle_since;
        Ok(self.state().sessions.by_id.values().filter(is_live).take(at_most).count())
    }

    async fn remove_expired_sessions(
        &mut self,
        now: Timestamp,
        idle_since: Timestamp,
    ) -> Result<u64, StorageError> {
        let sessions = &mut self.state_mut()?.sessions;
        Ok(sessions.remove_where(|session| session.expires_at <= now || session.last_used_at <= idle_since))
    }
}
