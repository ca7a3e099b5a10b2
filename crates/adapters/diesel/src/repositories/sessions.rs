//! [`SessionRepository`] by diesel.

use asteroid_identity::{FoundSession, Session, SessionRepository, SessionTokenHash};
use asteroid_kernel::{SessionId, StorageError, Timestamp, UserId};
use diesel::prelude::*;
use diesel::{alias, delete, insert_into, update};

use super::Tx;
use crate::locks::Locks;
use crate::rows::SessionRow;
use crate::schema::sessions::{self, created_at, expires_at, id, last_used_at, token_hash, user_id};
use crate::schema::users;
use crate::sql_types::{At, Id};

impl SessionRepository for Tx {
    async fn insert_session(&mut self, session: &Session, at_most: usize) -> Result<(), StorageError> {
        // Serializes concurrent sign-ins, so that each sees the sessions of the others.
        self.lock_user(session.user).await?;
        self.execute(insert_into(sessions::table).values(SessionRow::from(session))).await?;
        let all = alias!(sessions as all);
        let too_many = all
            .filter(all.field(user_id).eq(session.user.0))
            .order((all.field(created_at).desc(), all.field(id).desc()))
            .select(all.field(id))
            .offset(super::rows(at_most));
        self.execute(delete(sessions::table.filter(id.eq_any(too_many)))).await?;
        Ok(())
    }

    async fn find_session_by_token(
        &mut self,
        token: &SessionTokenHash,
    ) -> Result<Option<FoundSession>, StorageError> {
        let query = sessions::table
            .inner_join(users::table)
            .filter(token_hash.eq(token.0.as_slice()))
            .select((SessionRow::as_select(), users::enabled));
        let row: Option<(SessionRow, bool)> = self.first(query).await?;
        Ok(row.map(SessionRow::found).transpose()?)
    }

    async fn find_session(&mut self, session: SessionId) -> Result<Option<FoundSession>, StorageError> {
        let query = sessions::table
            .inner_join(users::table)
            .filter(id.eq(Id(session.0)))
            .select((SessionRow::as_select(), users::enabled));
        let row: Option<(SessionRow, bool)> = self.first(query).await?;
        Ok(row.map(SessionRow::found).transpose()?)
    }

    async fn list_sessions(&mut self, user: UserId) -> Result<Vec<Session>, StorageError> {
        let query = sessions::table
            .filter(user_id.eq(user.0))
            .order((created_at.desc(), id.desc()))
            .select(SessionRow::as_select());
        let sessions = self.all(query).await?.into_iter().map(Session::try_from);
        Ok(sessions.collect::<Result<_, _>>()?)
    }

    async fn touch_session(&mut self, session: SessionId, at: Timestamp) -> Result<(), StorageError> {
        let earlier = sessions::table.find(Id(session.0)).filter(last_used_at.lt(At(at)));
        self.execute(update(earlier).set(last_used_at.eq(At(at)))).await?;
        Ok(())
    }

    async fn revoke_session(&mut self, user: UserId, session: SessionId) -> Result<bool, StorageError> {
        let own = sessions::table.find(Id(session.0)).filter(user_id.eq(user.0));
        Ok(self.execute(delete(own)).await? == 1)
    }

    async fn revoke_sessions(&mut self, user: UserId, keep: Option<SessionId>) -> Result<u64, StorageError> {
        let all = sessions::table.filter(user_id.eq(user.0));
        match keep {
            None => self.execute(delete(all)).await,
            Some(keep) => self.execute(delete(all.filter(id.ne(Id(keep.0))))).await,
        }
    }

    async fn signed_sessions(
        &mut self,
        now: Timestamp,
        idle_since: Timestamp,
        began_before: Timestamp,
    ) -> Result<(u64, Option<Timestamp>), StorageError> {
        let live = || {
            sessions::table
                .filter(token_hash.is_null())
                .filter(expires_at.gt(At(now)))
                .filter(last_used_at.gt(At(idle_since)))
                .filter(created_at.lt(At(began_before)))
        };
        let count: i64 = self.one(live().count()).await?;
        let last: Option<At> =
            self.first(live().order(expires_at.desc()).select(expires_at).limit(1)).await?;
        Ok((count.unsigned_abs(), last.map(|at| at.0)))
    }

    async fn count_live_sessions(
        &mut self,
        now: Timestamp,
        idle_since: Timestamp,
        at_most: usize,
    ) -> Result<usize, StorageError> {
        let live = sessions::table
            .filter(expires_at.gt(At(now)))
            .filter(last_used_at.gt(At(idle_since)))
            .select(user_id)
            .limit(super::rows(at_most));
        Ok(self.all::<i64, _>(live).await?.len())
    }

    async fn remove_expired_sessions(
        &mut self,
        now: Timestamp,
        idle_since: Timestamp,
    ) -> Result<u64, StorageError> {
        let over = expires_at.le(At(now)).or(last_used_at.le(At(idle_since)));
        self.execute(delete(sessions::table.filter(over))).await
    }
}
