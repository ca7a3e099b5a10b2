//! Many at once.

use std::sync::Arc;

use tokio::sync::Barrier;

/// One round proves nothing.
pub(crate) const ROUNDS: u64 = 50;

/// Runs these in a task each, all from the same moment on; gives their answers in the order of the tasks.
pub(crate) async fn at_once<T: Send + 'static>(
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
