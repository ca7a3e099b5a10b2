//! Concurrent tasks for race clauses.

use std::sync::Arc;

use tokio::sync::Barrier;

/// Rounds of a race clause: a single round may miss the race.
pub(crate) const ROUNDS: u64 = 50;

/// Spawns each future as a task, starts all tasks at a barrier, and returns their results in the order of the tasks.
pub(crate) async fn run_concurrently<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = tasks.into_iter().collect();
    let start = Arc::new(Barrier::new(tasks.len()));
    let running: Vec<_> = tasks
        .into_iter()
        .map(|task| {
            let start = Arc::clone(&start);
            tokio::spawn(async move {
                start.wait().await;
                task.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in running {
        answers.push(task.await.expect("no task panics"));
    }
    answers
}
