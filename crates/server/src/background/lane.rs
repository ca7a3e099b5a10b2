use std::sync::Arc;
use std::time::Duration;

use asteroid_application::{Dispatcher, Ended, Turn};
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

/// The delivery of one channel: as many messages at once as the rules say, each noted when it has ended, and its place
/// taken by the next while the others go on.
pub(super) struct Lane<S, E, P> {
    dispatcher: Arc<Dispatcher<S, E, P>>,
    channel: Channel,
    in_flight: JoinSet<Ended>,
    /// What has ended and is not noted yet.
    ended: Vec<Ended>,
}

impl<S, E, P> Lane<S, E, P>
where
    S: Storage,
    S::Tx: OutboxRepository + ChallengeRepository + PendingRegistrationRepository,
    E: MessageTransport,
    P: MessageTransport,
{
    pub(super) fn new(dispatcher: Arc<Dispatcher<S, E, P>>, channel: Channel) -> Self {
        Self { dispatcher, channel, in_flight: JoinSet::new(), ended: Vec::new() }
    }

    /// Delivers until it is stopped; then tries what is due for a last time, and ends what is in flight.
    pub(super) async fn run(mut self, wake_up: Arc<Notify>, mut stopped: watch::Receiver<bool>) {
        let mut last_tries_end: Option<Instant> = None;
        loop {
            // Read first: what was put into the outbox before the stop is seen by the turn that follows.
            if last_tries_end.is_none() && (*stopped.borrow() || stopped.has_changed().is_err()) {
                last_tries_end = Some(Instant::now() + LAST_TRIES);
            }
            let stopping = last_tries_end.is_some();
            let may_begin = last_tries_end.is_none_or(|end| Instant::now() < end);
            let turn = self.turn(if may_begin { self.free() } else { 0 }).await;
            if stopping && self.in_flight.is_empty() && (self.ended.is_empty() || !may_begin) {
                return;
            }
            let looks = may_begin && self.free() > 0;
            let wait = self.wait(turn);
            tokio::select! {
                Some(ended) = self.in_flight.join_next() => self.take_in(ended),
                () = wake_up.notified(), if looks => {}
                () = sleep(wait), if looks || !self.ended.is_empty() => {}
                _ = stopped.changed(), if !stopping => {}
            }
        }
    }

    fn free(&self) -> usize {
        self.dispatcher.rules.at_once(self.channel).saturating_sub(self.in_flight.len())
    }

    /// Notes what has ended, and begins what is due, as long as there are free places.
    async fn turn(&mut self, free: usize) -> Option<Turn> {
        let turn = self.dispatcher.turn(self.channel, &self.ended, free);
        let mut turn = watched("messages", turn).await?;
        self.ended.clear();
        for delivery in turn.deliveries.drain(..) {
            let dispatcher = Arc::clone(&self.dispatcher);
            self.in_flight.spawn(async move { dispatcher.deliver(delivery).await });
        }
        Some(turn)
    }

    /// How long nothing is to be done, unless a delivery ends or somebody wakes the lane.
    fn wait(&self, turn: Option<Turn>) -> Duration {
        let next_due = turn.and_then(|turn| turn.next_due);
        next_due.map_or(LOOK_EVERY, |due| due.since(self.dispatcher.clock.now())).min(LOOK_EVERY)
    }

    /// Takes in this delivery and all others that have ended, so that they are noted together.
    fn take_in(&mut self, ended: Result<Ended, JoinError>) {
        let mut next = Some(ended);
        while let Some(ended) = next {
            match ended {
                Ok(ended) => self.ended.push(ended),
                // It is tried again when its lease ends.
                Err(error) => tracing::error!(channel = self.channel.as_str(), %error, "a delivery broke"),
            }
            next = self.in_flight.try_join_next();
        }
    }
}
