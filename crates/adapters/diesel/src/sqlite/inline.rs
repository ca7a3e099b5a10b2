use std::future::ready;

use asteroid_kernel::BoxError;
use diesel::SqliteConnection;
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// `SQLite`'s connection, as the repositories want it. Its futures are ready when they are first polled.
pub(super) type Conn = SyncConnectionWrapper<SqliteConnection, Inline>;

/// Runs what may block where it is asked to, at once: the thread is there for nothing else.
pub(super) struct Inline;

impl SpawnBlocking for Inline {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, BoxError>>
    where
        R: Send + 'static,
    {
        ready(Ok(task())).boxed()
    }

    fn get_runtime() -> Self {
        Self
    }
}
