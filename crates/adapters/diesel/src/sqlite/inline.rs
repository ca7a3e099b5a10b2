//! The connection type of the repositories.

use std::future::ready;

use asteroid_kernel::BoxError;
use diesel::SqliteConnection;
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// An asynchronous connection whose futures are ready at the first poll.
pub(super) type Conn = SyncConnectionWrapper<SqliteConnection, Inline>;

/// Runs blocking calls immediately on the current thread, which does nothing else.
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
