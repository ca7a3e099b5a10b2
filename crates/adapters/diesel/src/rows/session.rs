//! Rows of `sessions`.

use asteroid_identity::{FoundSession, Session, SessionTokenHash};
use asteroid_kernel::{SessionId, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::sessions;
use crate::sql_types::{At, Id};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Pg, Sqlite), treat_none_as_default_value = false)]
pub(crate) struct SessionRow {
    id: Id,
    user_id: i64,
    token_hash: Option<Vec<u8>>,
    created_at: At,
    expires_at: At,
    last_used_at: At,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
}

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        Self {
            id: Id(session.id.0),
            user_id: session.user.0,
            token_hash: session.token.map(|hash| hash.0.to_vec()),
            created_at: At(session.created_at),
            expires_at: At(session.expires_at),
            last_used_at: At(session.last_used_at),
            ip: session.origin.ip.map(|ip| ip.to_string()),
            user_agent: session.origin.user_agent.clone(),
            request_id: session.origin.request_id.clone(),
        }
    }
}

impl TryFrom<SessionRow> for Session {
    type Error = UnreadableColumn;

    fn try_from(row: SessionRow) -> Result<Self, UnreadableColumn> {
        let token = row.token_hash.map(|hash| hash.try_into().map(SessionTokenHash)).transpose();
        Ok(Self {
            id: SessionId(row.id.0),
            user: UserId(row.user_id),
            token: token.map_err(|_| UnreadableColumn("sessions.token_hash"))?,
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
            last_used_at: row.last_used_at.0,
            origin: super::origin(row.ip.as_deref(), row.user_agent, row.request_id, "sessions.ip")?,
        })
    }
}

impl SessionRow {
    /// A session with the status of its user, from a row and `users.enabled`.
    pub(crate) fn found((row, enabled): (Self, bool)) -> Result<FoundSession, UnreadableColumn> {
        Ok(FoundSession { session: row.try_into()?, user_status: super::user::status(enabled) })
    }
}
