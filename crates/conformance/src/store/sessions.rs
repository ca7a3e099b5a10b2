use asteroid_identity::{Session, SessionRepository, SessionTokenHash};
use asteroid_kernel::{SessionId, Timestamp, UserId};

use super::{CompleteStorage, Store};

impl<S: CompleteStorage> Store<S> {
    pub(crate) async fn insert_session(&self, session: &Session, at_most: usize) {
        self.write((session.clone(), at_most), |(session, at_most), tx| {
            Box::pin(tx.insert_session(session, *at_most))
        })
        .await;
    }

    pub(crate) async fn find_session_by_token(&self, token: SessionTokenHash) -> Option<Session> {
        self.read(token, |token, tx| Box::pin(tx.find_session_by_token(token))).await
    }

    pub(crate) async fn find_session(&self, id: SessionId) -> Option<Session> {
        self.read(id, |id, tx| Box::pin(tx.find_session(*id))).await
    }

    pub(crate) async fn list_sessions(&self, user: UserId) -> Vec<Session> {
        self.read(user, |user, tx| Box::pin(tx.list_sessions(*user))).await
    }

    pub(crate) async fn touch_session(&self, id: SessionId, at: Timestamp) {
        self.write((id, at), |(id, at), tx| Box::pin(tx.touch_session(*id, *at))).await;
    }

    pub(crate) async fn revoke_session(&self, user: UserId, id: SessionId) -> bool {
        self.write((user, id), |(user, id), tx| Box::pin(tx.revoke_session(*user, *id))).await
    }

    pub(crate) async fn revoke_sessions(&self, user: UserId, keep: Option<SessionId>) -> u64 {
        self.write((user, keep), |(user, keep), tx| Box::pin(tx.revoke_sessions(*user, *keep))).await
    }

    pub(crate) async fn remove_expired_sessions(&self, now: Timestamp, idle_since: Timestamp) -> u64 {
        self.write((now, idle_since), |(now, idle_since), tx| {
            Box::pin(tx.remove_expired_sessions(*now, *idle_since))
        })
        .await
    }
}
