//! The statements that differ in `PostgreSQL`, because its transactions run concurrently.

use asteroid_identity::NewUser;
use asteroid_kernel::{StorageError, Timestamp, UserId};
use asteroid_limits::LimitKey;
use asteroid_messaging::Channel;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::{define_sql_function, delete, insert_into, select, sql_query, update};

use super::Tx;
use super::repositories::outbox::due_messages;
use crate::access::Access;
use crate::copy::tables;
use crate::locks::Locks;
use crate::rows::{LimitRow, NewUserRow};
use crate::schema::{limits, user_search_keys, users};
use crate::sql_types::{At, Id};

define_sql_function! {
    /// Sets the last value of a sequence.
    fn setval(sequence: diesel::sql_types::Text, value: BigInt) -> BigInt;
}

define_sql_function! {
    /// The next value of a sequence.
    fn nextval(sequence: diesel::sql_types::Text) -> BigInt;
}

/// One statement for each table, because not every database of this kind takes several tables.
pub(super) fn analyze_statements() -> impl Iterator<Item = String> {
    tables().into_iter().map(|table| format!("ANALYZE \"{}\"", table.name))
}

/// The sequence of user ids.
const USER_IDS: &str = "users_id_seq";

impl Locks for Tx {
    async fn lock_registrations(&mut self, contact_key: &str) -> Result<(), StorageError> {
        self.lock(&format!("locked-registrations:{contact_key}")).await?;
        Ok(())
    }

    async fn lock_challenges(&mut self, contact_key: &str) -> Result<(), StorageError> {
        if self.access() == Access::Write {
            self.lock(&format!("locked-challenges:{contact_key}")).await?;
        }
        Ok(())
    }

    async fn lock_keys(&mut self) -> Result<(), StorageError> {
        self.lock("known keys").await?;
        Ok(())
    }

    async fn lock_idempotency_key(&mut self, digest: &[u8]) -> Result<(), StorageError> {
        self.lock(&format!("locked-request:{digest:02x?}")).await?;
        Ok(())
    }

    async fn lock_user(&mut self, user: UserId) -> Result<(), StorageError> {
        let same = update(users::table.find(user.0)).set(users::enabled.eq(users::enabled));
        self.execute(same).await?;
        Ok(())
    }

    async fn remove_locks(&mut self) -> Result<(), StorageError> {
        self.execute(delete(limits::table.filter(limits::expires_at.eq(At(LimitRow::LOCK))))).await?;
        Ok(())
    }
}

impl Tx {
    /// The limit under a key. A write unit locks the key until it ends: it writes the row, and inserts one if there is
    /// none.
    pub(super) async fn limit(&mut self, of: &LimitKey) -> Result<Option<LimitRow>, StorageError> {
        let found = limits::table.find(of.as_str());
        match self.access() {
            Access::Read => self.first(found.select(LimitRow::as_select())).await,
            Access::Write => self.lock(of.as_str()).await.map(Some),
        }
    }

    /// Locks the row of this name, and inserts it if there is none.
    async fn lock(&mut self, name: &str) -> Result<LimitRow, StorageError> {
        let lock = insert_into(limits::table)
            .values(LimitRow::lock(name))
            .on_conflict(limits::key)
            .do_update()
            .set(limits::failures.eq(limits::failures))
            .returning(LimitRow::as_returning());
        self.one(lock).await
    }

    /// Inserts a user, with a given or a generated id.
    pub(super) async fn insert_user_row(
        &mut self,
        id: Option<UserId>,
        new: &NewUser,
    ) -> Result<i64, StorageError> {
        if let Some(UserId(id)) = id {
            let given = insert_into(users::table).values(NewUserRow::new(Some(UserId(id)), new));
            self.execute(given).await?;
            // Generated ids stay above the given one. A sequence is not transactional: after a concurrent change it
            // may generate a taken id, which the loop below skips.
            let next: i64 = self.one(select(nextval(USER_IDS))).await?;
            if next <= id {
                self.one::<i64, _>(select(setval(USER_IDS, id))).await?;
            }
            return Ok(id);
        }
        loop {
            let row = insert_into(users::table)
                .values(NewUserRow::new(None, new))
                .on_conflict(users::id)
                .do_nothing()
                .returning(users::id);
            if let Some(id) = self.first(row).await? {
                return Ok(id);
            }
        }
    }

    /// Inserts search keys of a user, as far as they are not there: in one statement, because each is a round trip.
    pub(super) async fn insert_search_keys(
        &mut self,
        user: UserId,
        keys: impl IntoIterator<Item = String, IntoIter: Send> + Send,
    ) -> Result<(), StorageError> {
        let new = |key| (user_search_keys::search_key.eq(key), user_search_keys::user_id.eq(user.0));
        let rows: Vec<_> = keys.into_iter().map(new).collect();
        self.execute(insert_into(user_search_keys::table).values(rows).on_conflict_do_nothing()).await?;
        Ok(())
    }

    /// Nothing: autovacuum reclaims the space of what was deleted.
    #[expect(clippy::unused_self, reason = "the same call for both databases")]
    pub(super) fn note_erasure(&mut self) {}

    /// Renews the statistics of the planner, which autovacuum does only later, or never where it is off.
    pub(super) async fn analyze(&mut self) -> Result<(), StorageError> {
        for statement in analyze_statements() {
            self.execute(sql_query(statement)).await?;
        }
        Ok(())
    }

    /// The due messages of a channel, except those that another worker is claiming. They stay locked until the unit of
    /// work ends.
    pub(super) async fn claimable(
        &mut self,
        by: Channel,
        now: Timestamp,
        at_most: i64,
    ) -> Result<Vec<Id>, StorageError> {
        self.all(due_messages(by.as_str(), At(now), at_most).for_update().skip_locked()).await
    }
}
