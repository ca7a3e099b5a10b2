//! What `SQLite` does in its own way.

use asteroid_identity::NewUser;
use asteroid_kernel::{StorageError, Timestamp, UserId};
use asteroid_limits::LimitKey;
use asteroid_messaging::Channel;
use diesel::insert_into;
use diesel::prelude::*;

use super::Tx;
use crate::locks::Locks;
use crate::rows::{LimitRow, NewUserRow};
use crate::schema::{limits, outbox, users};
use crate::sql_types::{At, Id};

impl Locks for Tx {}

impl Tx {
    /// What is kept under the key.
    pub(super) async fn limit(&mut self, of: &LimitKey) -> Result<Option<LimitRow>, StorageError> {
        self.first(limits::table.find(of.as_str()).select(LimitRow::as_select())).await
    }

    /// Makes the user's row.
    pub(super) async fn insert_user_row(
        &mut self,
        id: Option<UserId>,
        new: &NewUser,
    ) -> Result<i64, StorageError> {
        self.one(insert_into(users::table).values(NewUserRow::new(id, new)).returning(users::id)).await
    }

    /// The ids of the messages of a channel that are due, the longest due first.
    pub(super) async fn due_messages(
        &mut self,
        by: Channel,
        now: Timestamp,
        at_most: i64,
    ) -> Result<Vec<Id>, StorageError> {
        let due = outbox::table
            .filter(outbox::channel.eq(by.as_str()))
            .filter(outbox::due_at.le(At(now)))
            .order((outbox::due_at, outbox::id))
            .select(outbox::id)
            .limit(at_most);
        self.all(due).await
    }
}
