use std::sync::Arc;

use asteroid_application::{AllRepositories, Dispatcher, Retention};
use asteroid_kernel::Storage;
use asteroid_messaging::{Channel, MessageTransport};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::channel_worker::ChannelWorker;
use crate::{OutboxNotifier, retention};

/// The running background tasks: a delivery worker for each channel, and retention.
#[derive(Debug)]
pub struct BackgroundTasks {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl BackgroundTasks {
    /// Starts the tasks on the current tokio runtime.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn start<S, E, P>(
        dispatcher: Dispatcher<S, E, P>,
        retention: Retention<S>,
        notifier: &OutboxNotifier,
    ) -> Self
    where
        S: Storage<Tx: AllRepositories>,
        E: MessageTransport,
        P: MessageTransport,
    {
        let (stop, stopped) = watch::channel(false);
        let dispatcher = Arc::new(dispatcher);
        let mut tasks = vec![tokio::spawn(retention::run(retention, stopped.clone()))];
        tasks.extend(Channel::ALL.map(|channel| {
            let worker = ChannelWorker::new(Arc::clone(&dispatcher), channel);
            tokio::spawn(worker.run(notifier.of(channel), stopped.clone()))
        }));
        Self { stop, tasks }
    }

    /// Stops the tasks. Each finishes its current work; delivery workers first try every message that is due, for five
    /// seconds at most.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task panicked");
            }
        }
    }
}

#[cfg(test)]
mod tests;
