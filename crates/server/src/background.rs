//! What runs beside the requests: the outbox is emptied, and what has expired is removed.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use asteroid_application::{Dispatcher, Housekeeping};
use asteroid_delivery::AnyTransport;
use asteroid_kernel::{StorageError, Timestamp};
use asteroid_messaging::DeliverySignal;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::error::in_one_line;
use crate::store::Store;

/// The outbox is looked at this often even if nothing is said to be due: another process may have filled it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// Wakes the delivery.
#[derive(Clone, Default)]
pub(crate) struct WakeUp(Arc<Notify>);

impl DeliverySignal for WakeUp {
    fn outbox_filled(&self) {
        self.0.notify_one();
    }
}

/// The tasks in the background.
pub(crate) struct Background {
    stop: watch::Sender<bool>,
    delivery: JoinHandle<()>,
    housekeeping: JoinHandle<()>,
}

impl Background {
    /// Starts them on the runtime of this thread.
    pub(crate) fn start<S: Store>(
        dispatcher: Dispatcher<S, AnyTransport, AnyTransport>,
        housekeeping: Housekeeping<S>,
        wake_up: WakeUp,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self {
            stop,
            delivery: rt::spawn(deliver(Arc::new(dispatcher), wake_up, stopped.clone())),
            housekeeping: rt::spawn(sweep(Arc::new(housekeeping), stopped)),
        }
    }

    /// Stops them: each ends what it is at, and what is due in the outbox is tried for a last time.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        for task in [self.delivery, self.housekeeping] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task broke");
            }
        }
    }
}

async fn deliver<S: Store>(
    dispatcher: Arc<Dispatcher<S, AnyTransport, AnyTransport>>,
    wake_up: WakeUp,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        // Read first: what was put into the outbox before the stop is seen by the pass that follows.
        let last = *stopped.borrow();
        let worker = Arc::clone(&dispatcher);
        let pass = watched("messages", async move { worker.deliver_due().await }).await;
        let wait = match pass {
            Some(pass) if pass.tried >= dispatcher.rules.at_once => continue,
            _ if last => return,
            Some(pass) => {
                let due_in = |due: Timestamp| due.since(dispatcher.clock.now());
                pass.next_due.map_or(LOOK_EVERY, due_in).min(LOOK_EVERY)
            }
            None => LOOK_EVERY,
        };
        // Nothing is under way here, so nothing is cut.
        tokio::select! {
            () = wake_up.0.notified() => {}
            () = rt::time::sleep(wait) => {}
            _ = stopped.changed() => {}
        }
    }
}

async fn sweep<S: Store>(housekeeping: Arc<Housekeeping<S>>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let keeper = Arc::clone(&housekeeping);
        if let Some(swept) = watched("housekeeping", async move { keeper.sweep().await }).await {
            tracing::debug!(?swept, "removed what had expired");
        }
        tokio::select! {
            () = rt::time::sleep(SWEEP_EVERY) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Runs one round in a task of its own, so that neither a failing store nor a panic ends what comes after it.
async fn watched<T: 'static>(
    what: &'static str,
    round: impl Future<Output = Result<T, StorageError>> + 'static,
) -> Option<T> {
    match rt::spawn(round).await {
        Ok(Ok(done)) => Some(done),
        Ok(Err(error)) => {
            tracing::warn!(what, "put off: {}", in_one_line(&error));
            None
        }
        Err(error) => {
            tracing::error!(what, %error, "broke");
            None
        }
    }
}
