//! What runs beside the requests: the outbox is emptied, a lane for each channel, and what has expired is removed.

mod lane;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use asteroid_application::{Dispatcher, Retention};
use asteroid_kernel::{StorageError, in_one_line};
use asteroid_messaging::{Channel, DeliverySignal, MessageTransport};
use futures_util::FutureExt;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use lane::Lane;

use crate::store::Store;

const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// Wakes the delivery.
#[derive(Clone, Default)]
pub(crate) struct WakeUp {
    email: Arc<Notify>,
    sms: Arc<Notify>,
}

impl WakeUp {
    fn of(&self, channel: Channel) -> Arc<Notify> {
        Arc::clone(match channel {
            Channel::Email => &self.email,
            Channel::Sms => &self.sms,
        })
    }
}

impl DeliverySignal for WakeUp {
    fn outbox_filled(&self) {
        // By which channel the message leaves is not said: to look costs one read.
        self.email.notify_one();
        self.sms.notify_one();
    }
}

/// The tasks in the background.
pub(crate) struct Background {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Background {
    /// Starts them on the runtime of this thread.
    pub(crate) fn start<S, E, P>(
        dispatcher: Dispatcher<S, E, P>,
        retention: Retention<S>,
        wake_up: &WakeUp,
    ) -> Self
    where
        S: Store,
        E: MessageTransport,
        P: MessageTransport,
    {
        let (stop, stopped) = watch::channel(false);
        let dispatcher = Arc::new(dispatcher);
        let mut tasks = vec![rt::spawn(sweep(retention, stopped.clone()))];
        tasks.extend(Channel::ALL.map(|channel| {
            let lane = Lane::new(Arc::clone(&dispatcher), channel);
            rt::spawn(lane.run(wake_up.of(channel), stopped.clone()))
        }));
        Self { stop, tasks }
    }

    /// Stops them: each ends what it is at, and what is due in the outbox is tried for a last time.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task broke");
            }
        }
    }
}

async fn sweep(retention: Retention<impl Store>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Some(swept) = watched("retention", retention.sweep()).await {
            tracing::debug!(?swept, "removed what had expired");
        }
        tokio::select! {
            () = rt::time::sleep(SWEEP_EVERY) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Runs one round, so that neither a failing store nor a panic ends what comes after it.
async fn watched<T>(what: &'static str, round: impl Future<Output = Result<T, StorageError>>) -> Option<T> {
    match AssertUnwindSafe(round).catch_unwind().await {
        Ok(Ok(done)) => Some(done),
        Ok(Err(error)) => {
            tracing::warn!(what, "put off: {}", in_one_line(&error));
            None
        }
        Err(_) => {
            tracing::error!(what, "broke");
            None
        }
    }
}
