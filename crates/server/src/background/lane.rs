use std::sync::Arc;
use std::time::Duration;

use asteroid_application::{Batch, Completed, Dispatcher};
use asteroid_identity::PendingRegistrationRepository;
use asteroid_kernel::Storage;
use asteroid_messaging::{Channel, MessageTransport, OutboxRepository};
use asteroid_verification::ChallengeRepository;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep};

use super::watched;

/// The outbox is looked at this often even if nothing is said to be due: another process may have filled it.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A stopping server begins deliveries no longer than this. What is left is in the outbox, for the next start.
pub(super) const LAST_TRIES: Duration = Duration::from_secs(5);

/// The delivery of one channel: as many messages at once as the rules say, each noted when it has completed, and its place
/// taken by the next while the others go on.
pub(super) struct Lane<S, E, P> {
    dispatcher: Arc<Dispatcher<S, E, P>>,
    channel: Channel,
    in_flight: JoinSet<Completed>,
    /// What has completed and is not noted yet.
    completed: Vec<Completed>,
}

impl<S, E, P> Lane<S, E, P>
where
    S: Storage,
    S::Tx: OutboxRepository + ChallengeRepository + PendingRegistrationRepository,
    E: MessageTransport,
    P: MessageTransport,
{
    pub(super) fn new(dispatcher: Arc<Dispatcher<S, E, P>>, channel: Channel) -> Self {
        Self { dispatcher, channel, in_flight: JoinSet::new(), completed: Vec::new() }
    }

    /// Delivers until it is stopped; then tries what is due for a last time, and ends what is in flight.
    pub(super) async fn run(mut self, wake_up: Arc<Notify>, mut stopped: watch::Receiver<bool>) {
        let mut last_tries_end: Option<Instant> = None;
        loop {
            // Read first: what was put into the outbox before the stop is seen by the batch that follows.
            if last_tries_end.is_none() && (*stopped.borrow() || stopped.has_changed().is_err()) {
                last_tries_end = Some(Instant::now() + LAST_TRIES);
            }
            let stopping = last_tries_end.is_some();
            let may_begin = last_tries_end.is_none_or(|end| Instant::now() < end);
            let batch = self.next_batch(if may_begin { self.free() } else { 0 }).await;
            if stopping && self.in_flight.is_empty() && (self.completed.is_empty() || !may_begin) {
                return;
            }
            let looks = may_begin && self.free() > 0;
            let wait = self.wait(batch);
            tokio::select! {
                Some(completed) = self.in_flight.join_next() => self.take_in(completed),
                () = wake_up.notified(), if looks => {}
                () = sleep(wait), if looks || !self.completed.is_empty() => {}
                _ = stopped.changed(), if !stopping => {}
            }
        }
    }

    fn free(&self) -> usize {
        self.dispatcher.rules.at_once(self.channel).saturating_sub(self.in_flight.len())
    }

    /// Notes what has completed, and begins what is due, as long as there are free places.
    async fn next_batch(&mut self, free: usize) -> Option<Batch> {
        let batch = self.dispatcher.next_batch(self.channel, &self.completed, free);
        let mut batch = watched("messages", batch).await?;
        self.completed.clear();
        for delivery in batch.deliveries.drain(..) {
            let dispatcher = Arc::clone(&self.dispatcher);
            self.in_flight.spawn(async move { dispatcher.deliver(delivery).await });
        }
        Some(batch)
    }

    /// How long nothing is to be done, unless a delivery ends or somebody wakes the lane.
    fn wait(&self, batch: Option<Batch>) -> Duration {
        let next_due = batch.and_then(|batch| batch.next_due);
        next_due.map_or(LOOK_EVERY, |due| due.since(self.dispatcher.clock.now())).min(LOOK_EVERY)
    }

    /// Takes in this delivery and all others that have completed, so that they are noted together.
    fn take_in(&mut self, completed: Result<Completed, JoinError>) {
        let mut next = Some(completed);
        while let Some(completed) = next {
            match completed {
                Ok(completed) => self.completed.push(completed),
                // It is tried again when its lease ends.
                Err(error) => tracing::error!(channel = self.channel.as_str(), %error, "a delivery broke"),
            }
            next = self.in_flight.try_join_next();
        }
    }
}
