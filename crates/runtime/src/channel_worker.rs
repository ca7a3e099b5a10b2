use std::sync::Arc;
use std::time::Duration;

use asteroid_application::{Completed, DeliveryBatch, Dispatcher};
use asteroid_identity::PendingRegistrationRepository;
use asteroid_kernel::Storage;
use asteroid_messaging::{Channel, MessageTransport, OutboxRepository};
use asteroid_verification::ChallengeRepository;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep};

use crate::metrics;
use crate::supervise::supervise;

/// The outbox is polled this often even if no message is due: another process may have enqueued one.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How long a notified worker waits before it reads the outbox. By then the request that enqueued the message is answered.
/// A delivery beside it would slow it down, and its time would tell contacts with a user from those without.
pub(crate) const NOTIFIED_DELAY: Duration = Duration::from_millis(50);
/// How long a stopping worker starts deliveries. What is left stays in the outbox for the next start.
pub(crate) const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// The delivery worker of one channel. It delivers as many messages concurrently as the rules allow, records each when it
/// has completed, and starts the next while the others continue.
pub(crate) struct ChannelWorker<S, E, P> {
    dispatcher: Arc<Dispatcher<S, E, P>>,
    channel: Channel,
    in_flight: JoinSet<Completed>,
    /// Deliveries that have completed and are not recorded yet.
    completed: Vec<Completed>,
}

impl<S, E, P> ChannelWorker<S, E, P>
where
    S: Storage,
    S::Tx: OutboxRepository + ChallengeRepository + PendingRegistrationRepository,
    E: MessageTransport,
    P: MessageTransport,
{
    pub(crate) fn new(dispatcher: Arc<Dispatcher<S, E, P>>, channel: Channel) -> Self {
        Self { dispatcher, channel, in_flight: JoinSet::new(), completed: Vec::new() }
    }

    /// Delivers until it is stopped, or the sender is dropped; then tries every due message once more, and finishes the
    /// deliveries in flight.
    pub(crate) async fn run(mut self, notify: Arc<Notify>, mut stopped: watch::Receiver<bool>) {
        let mut drain_until: Option<Instant> = None;
        loop {
            // Checked before the batch: messages that were enqueued before the stop are in the batch that follows.
            if drain_until.is_none() && (*stopped.borrow() || stopped.has_changed().is_err()) {
                drain_until = Some(Instant::now() + DRAIN_TIMEOUT);
            }
            let stopping = drain_until.is_some();
            let may_start = drain_until.is_none_or(|end| Instant::now() < end);
            let batch = self.next_batch(if may_start { self.free() } else { 0 }).await;
            if stopping && self.in_flight.is_empty() && (self.completed.is_empty() || !may_start) {
                return;
            }
            let polls = may_start && self.free() > 0;
            let wait = self.wait(batch);
            let notified = async {
                notify.notified().await;
                sleep(NOTIFIED_DELAY).await;
            };
            tokio::select! {
                Some(completed) = self.in_flight.join_next() => self.take_completed(completed),
                () = notified, if polls => {}
                () = sleep(wait), if polls || !self.completed.is_empty() => {}
                _ = stopped.changed(), if !stopping => {}
            }
        }
    }

    fn free(&self) -> usize {
        self.dispatcher.rules.at_once(self.channel).saturating_sub(self.in_flight.len())
    }

    /// Records the completed deliveries, and starts due ones in the free places.
    async fn next_batch(&mut self, free: usize) -> Option<DeliveryBatch> {
        let batch = self.dispatcher.next_batch(self.channel, &self.completed, free);
        let mut batch = supervise("delivery", batch).await?;
        self.completed.clear();
        for delivery in batch.deliveries.drain(..) {
            let dispatcher = Arc::clone(&self.dispatcher);
            self.in_flight.spawn(async move { dispatcher.deliver(delivery).await });
        }
        Some(batch)
    }

    /// How long to wait, unless a delivery completes or the notifier wakes the worker.
    fn wait(&self, batch: Option<DeliveryBatch>) -> Duration {
        let next_due = batch.and_then(|batch| batch.next_due);
        next_due.map_or(POLL_INTERVAL, |due| due.since(self.dispatcher.clock.now())).min(POLL_INTERVAL)
    }

    /// Takes this delivery and all others that have completed, so that one write records them.
    fn take_completed(&mut self, completed: Result<Completed, JoinError>) {
        let mut next = Some(completed);
        while let Some(completed) = next {
            match completed {
                Ok(completed) => {
                    metrics::record_delivery(&completed);
                    self.completed.push(completed);
                }
                // The message is tried again when its lease ends.
                Err(error) => tracing::error!(channel = self.channel.as_str(), %error, "a delivery panicked"),
            }
            next = self.in_flight.try_join_next();
        }
    }
}

#[cfg(test)]
mod tests;
