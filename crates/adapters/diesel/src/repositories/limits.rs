//! [`LimitRepository`] by diesel.

use asteroid_kernel::{StorageError, Timestamp};
use asteroid_limits::{ConsecutiveFailures, LimitKey, LimitRepository, SlidingWindow};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::{delete, insert_into};

use super::Tx;
use crate::locks::Locks;
use crate::rows::LimitRow;
use crate::schema::limits::{self, expires_at, key};
use crate::sql_types::At;

impl Tx {
    async fn upsert_limit(&mut self, row: &LimitRow) -> Result<(), StorageError> {
        let upsert = insert_into(limits::table).values(row).on_conflict(key).do_update().set(row);
        self.execute(upsert).await?;
        Ok(())
    }
}

impl LimitRepository for Tx {
    async fn window(&mut self, of: &LimitKey) -> Result<SlidingWindow, StorageError> {
        Ok(self.limit(of).await?.map(SlidingWindow::try_from).transpose()?.unwrap_or_default())
    }

    async fn save_window(
        &mut self,
        of: &LimitKey,
        window: &SlidingWindow,
        expiry: Timestamp,
    ) -> Result<(), StorageError> {
        self.upsert_limit(&LimitRow::from_window(of, window, expiry)).await
    }

    async fn failures(&mut self, of: &LimitKey) -> Result<ConsecutiveFailures, StorageError> {
        Ok(self.limit(of).await?.map(ConsecutiveFailures::try_from).transpose()?.unwrap_or_default())
    }

    async fn save_failures(
        &mut self,
        of: &LimitKey,
        failures: ConsecutiveFailures,
        expiry: Timestamp,
    ) -> Result<(), StorageError> {
        self.upsert_limit(&LimitRow::from_failures(of, failures, expiry)).await
    }

    async fn remove_limit(&mut self, of: &LimitKey) -> Result<(), StorageError> {
        self.execute(delete(limits::table.find(of.as_str()))).await?;
        Ok(())
    }

    async fn remove_limits_of(&mut self, subject: &str) -> Result<u64, StorageError> {
        let parts = ":".into_sql::<Text>().concat(key).concat(":");
        let escaped = subject.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
        let about = parts.like(format!("%:{escaped}:%")).escape('\\');
        self.execute(delete(limits::table.filter(about))).await
    }

    async fn remove_expired_limits(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        self.remove_locks().await?;
        self.execute(delete(limits::table.filter(expires_at.le(At(now))))).await
    }
}
