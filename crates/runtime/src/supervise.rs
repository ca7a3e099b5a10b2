use std::future::Future;
use std::panic::AssertUnwindSafe;

use asteroid_kernel::{StorageError, in_one_line};
use futures_util::FutureExt;

/// Runs one round of a background task. A storage error or a panic is logged and returns [`None`], so that the task goes on
/// with its next round.
pub(crate) async fn supervise<T>(
    task: &'static str,
    round: impl Future<Output = Result<T, StorageError>>,
) -> Option<T> {
    match AssertUnwindSafe(round).catch_unwind().await {
        Ok(Ok(output)) => Some(output),
        Ok(Err(error)) => {
            tracing::warn!(error = in_one_line(&error), "{task} failed, retrying");
            None
        }
        Err(_) => {
            tracing::error!("{task} panicked");
            None
        }
    }
}
