//! What `SQLite` does in its own way.

use asteroid_identity::NewUser;
use asteroid_kernel::{StorageError, Timestamp, UserId};
use asteroid_limits::LimitKey;
use asteroid_messaging::Channel;
use diesel::insert_into;
use diesel::prelude::*;

use super::Tx;
use super::repositories::outbox::due_messages;
use crate::locks::Locks;
use crate::rows::{LimitRow, NewUserRow};
use crate::schema::{limits, users};
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

    /// The messages of a channel that may be claimed: all that are due.
    pub(super) async fn claimable(
        &mut self,
        by: Channel,
        now: Timestamp,
        at_most: i64,
    ) -> Result<Vec<Id>, StorageError> {
        self.all(due_messages(by.as_str(), At(now), at_most)).await
    }
}
