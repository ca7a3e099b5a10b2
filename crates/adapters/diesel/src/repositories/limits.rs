use asteroid_kernel::{StorageError, Timestamp};
use asteroid_limits::{History, LimitKey, LimitRepository, Streak};
use diesel::prelude::*;
use diesel::{delete, insert_into};

use super::Tx;
use crate::locks::Locks;
use crate::rows::LimitRow;
use crate::schema::limits::{self, key, useless_at};
use crate::sql_types::At;

impl Tx {
    async fn keep_limit(&mut self, row: &LimitRow) -> Result<(), StorageError> {
        let keep = insert_into(limits::table).values(row).on_conflict(key).do_update().set(row);
        self.execute(keep).await?;
        Ok(())
    }
}

impl LimitRepository for Tx {
    async fn history(&mut self, of: &LimitKey) -> Result<History, StorageError> {
        Ok(self.limit(of).await?.map(History::try_from).transpose()?.unwrap_or_default())
    }

    async fn keep_history(
        &mut self,
        of: &LimitKey,
        history: &History,
        useless_at_time: Timestamp,
    ) -> Result<(), StorageError> {
        self.keep_limit(&LimitRow::of_history(of, history, useless_at_time)).await
    }

    async fn streak(&mut self, of: &LimitKey) -> Result<Streak, StorageError> {
        Ok(self.limit(of).await?.map(Streak::try_from).transpose()?.unwrap_or_default())
    }

    async fn keep_streak(
        &mut self,
        of: &LimitKey,
        streak: Streak,
        useless_at_time: Timestamp,
    ) -> Result<(), StorageError> {
        self.keep_limit(&LimitRow::of_streak(of, streak, useless_at_time)).await
    }

    async fn forget_limit(&mut self, of: &LimitKey) -> Result<(), StorageError> {
        self.execute(delete(limits::table.find(of.as_str()))).await?;
        Ok(())
    }

    async fn remove_useless_limits(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        self.remove_locks().await?;
        self.execute(delete(limits::table.filter(useless_at.le(At(now))))).await
    }
}
