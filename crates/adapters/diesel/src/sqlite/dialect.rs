//! The statements that differ in `SQLite`.

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
use crate::schema::{limits, user_search_keys, users};
use crate::sql_types::{At, Id};

impl Locks for Tx {}

impl Tx {
    /// The limit under a key.
    pub(super) async fn limit(&mut self, of: &LimitKey) -> Result<Option<LimitRow>, StorageError> {
        self.first(limits::table.find(of.as_str()).select(LimitRow::as_select())).await
    }

    /// Inserts a user, with a given or a generated id.
    pub(super) async fn insert_user_row(
        &mut self,
        id: Option<UserId>,
        new: &NewUser,
    ) -> Result<i64, StorageError> {
        self.one(insert_into(users::table).values(NewUserRow::new(id, new)).returning(users::id)).await
    }

    /// Inserts search keys of a user, as far as they are not there.
    pub(super) async fn insert_search_keys(
        &mut self,
        user: UserId,
        keys: impl IntoIterator<Item = String, IntoIter: Send> + Send,
    ) -> Result<(), StorageError> {
        for key in keys {
            let new = (user_search_keys::search_key.eq(key), user_search_keys::user_id.eq(user.0));
            self.execute(insert_into(user_search_keys::table).values(new).on_conflict_do_nothing()).await?;
        }
        Ok(())
    }

    /// Nothing: the plans do not depend on statistics here.
    #[expect(clippy::unused_async, reason = "the same call for both databases")]
    pub(super) async fn analyze(&mut self) -> Result<(), StorageError> {
        Ok(())
    }

    /// The due messages of a channel.
    pub(super) async fn claimable(
        &mut self,
        by: Channel,
        now: Timestamp,
        at_most: i64,
    ) -> Result<Vec<Id>, StorageError> {
        self.all(due_messages(by.as_str(), At(now), at_most)).await
    }
}
