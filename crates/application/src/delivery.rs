use std::sync::Arc;
use std::time::Duration;

use asteroid_kernel::{
    BoxError, ChallengeId, Clock, Randomness, Storage, StorageError, Timestamp, Work, random_bytes,
};
use asteroid_messaging::{
    Channel, Claim, Composer, Content, DeliveryError, MessageTransport, OutboxRepository, OutboxState,
    RetrySchedule,
};
use asteroid_verification::{Challenge, ChallengeRepository, ChallengeState, CodeKeys};
use futures_util::future::join_all;

/// How the outbox is emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryRules {
    /// How long a claimed message is nobody else's. Delivering one must end well before.
    pub lease: Duration,
    /// So many messages are claimed, and delivered side by side, at once.
    pub at_once: usize,
    /// When what failed for the moment is tried again.
    pub retries: RetrySchedule,
}

impl Default for DeliveryRules {
    /// Leases of 30 seconds, 16 at once, retries after 1, 2, 4 … 60 seconds.
    fn default() -> Self {
        Self { lease: Duration::from_secs(30), at_once: 16, retries: RetrySchedule::default() }
    }
}

/// What one pass over the outbox did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// How many messages were tried. As many as may be at once: there may be more, and the next pass is due now.
    pub tried: usize,
    /// When the next message is due; none if none waits.
    pub next_due: Option<Timestamp>,
}

/// Empties the outbox: claims messages, puts them into words, hands them to the transport of their channel, and
/// notes what came of it. Any number of dispatchers may work on one store.
pub struct Dispatcher<S, E, P> {
    /// The store.
    pub storage: Arc<S>,
    /// Where e-mails leave by.
    pub email: E,
    /// Where SMS leave by.
    pub sms: P,
    /// Puts messages into words.
    pub composer: Composer,
    /// Derive the codes.
    pub keys: Arc<CodeKeys>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Spreads the retries.
    pub randomness: Arc<dyn Randomness>,
    /// The settings.
    pub rules: DeliveryRules,
}

struct ClaimDue {
    now: Timestamp,
    lease_until: Timestamp,
    at_most: usize,
}

impl<Tx: OutboxRepository + ChallengeRepository + Send> Work<Tx> for ClaimDue {
    /// Each claim with the challenge that it names, and when the next message is due.
    type Done = (Vec<(Claim, Option<Challenge>)>, Option<Timestamp>);
    type Refused = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Self::Done, StorageError> {
        let mut claims = Vec::new();
        for claim in tx.claim_due(self.now, self.lease_until, self.at_most).await? {
            let challenge = match claim.message.content {
                Content::Code { challenge, .. } => tx.find_challenge(challenge).await?,
                Content::Notice => None,
            };
            claims.push((claim, challenge));
        }
        Ok((claims, tx.next_due().await?))
    }
}

/// Whether anything is due, without writing: what an idle dispatcher asks.
struct NextDue;

impl<Tx: OutboxRepository> Work<Tx> for NextDue {
    type Done = Option<Timestamp>;
    type Refused = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<Timestamp>, StorageError> {
        tx.next_due().await
    }
}

struct Settle(Vec<(Claim, OutboxState)>);

impl<Tx: OutboxRepository + Send> Work<Tx> for Settle {
    type Done = Option<Timestamp>;
    type Refused = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<Timestamp>, StorageError> {
        for (claim, state) in &self.0 {
            tx.settle(claim.message.id, claim.attempt, state).await?;
        }
        tx.next_due().await
    }
}

impl<S, E, P> Dispatcher<S, E, P>
where
    S: Storage,
    S::Tx: OutboxRepository + ChallengeRepository,
    E: MessageTransport,
    P: MessageTransport,
{
    /// Tries what is due, once, and says what comes next.
    ///
    /// # Errors
    ///
    /// If the store fails. What was delivered and could not be noted is delivered again when its lease ends.
    pub async fn deliver_due(&self) -> Result<Pass, StorageError> {
        let now = self.clock.now();
        let next_due = self.storage.read(NextDue).await?;
        if next_due.is_none_or(|due| due > now) {
            return Ok(Pass { tried: 0, next_due });
        }
        let lease_until = now + self.rules.lease;
        let claim = ClaimDue { now, lease_until, at_most: self.rules.at_once };
        let (claims, next_due) = self.storage.write(claim).await?;
        let tried = claims.len();
        if tried == 0 {
            return Ok(Pass { tried, next_due });
        }
        let deliveries = claims.into_iter().map(|(claim, challenge)| async move {
            let state = self.deliver(&claim, challenge.as_ref()).await;
            (claim, state)
        });
        let settled = join_all(deliveries).await;
        let next_due = self.storage.write(Settle(settled)).await?;
        Ok(Pass { tried, next_due })
    }

    async fn deliver(&self, claim: &Claim, challenge: Option<&Challenge>) -> OutboxState {
        let (message, now) = (&claim.message, self.clock.now());
        let dead = |reason: &str| OutboxState::Dead { at: now, reason: reason.to_owned() };
        if message.useless_at <= message.created_at {
            return dead("there is nobody to send it to");
        }
        if now >= message.useless_at {
            return dead("it had become useless before it could be delivered");
        }
        let code = match (message.content, challenge) {
            (Content::Notice, _) => None,
            (Content::Code { .. }, Some(challenge)) if challenge.state == ChallengeState::Open => {
                self.keys.code(challenge)
            }
            (Content::Code { challenge: ChallengeId(_), .. }, _) => {
                return dead("its code was used or withdrawn before it could be delivered");
            }
        };
        let code = code.as_ref().map(asteroid_verification::Code::expose);
        let Some(outgoing) = self.composer.compose(message, code, now) else {
            return dead("the key of its code is no longer in the key ring");
        };
        let sent = match message.channel() {
            Channel::Email => self.email.deliver(&outgoing).await,
            Channel::Sms => self.sms.deliver(&outgoing).await,
        };
        let (id, channel, attempt) = (message.id, message.channel().as_str(), claim.attempt);
        match sent {
            Ok(()) => {
                tracing::info!(%id, channel, kind = message.kind.as_str(), attempt, "message delivered");
                OutboxState::Delivered { at: self.clock.now() }
            }
            Err(DeliveryError::Permanent(source)) => {
                let reason = chain(&source);
                tracing::warn!(%id, channel, attempt, %reason, "message refused for good");
                dead(&reason)
            }
            Err(DeliveryError::Passing(source)) => {
                let reason = chain(&source);
                let [jitter] = random_bytes(&*self.randomness);
                let due_at = self.clock.now() + self.rules.retries.wait_after(claim.attempt, jitter);
                tracing::warn!(%id, channel, attempt, %reason, "message not delivered for now");
                if due_at < message.useless_at { OutboxState::Waiting { due_at } } else { dead(&reason) }
            }
        }
    }
}

/// An error with all its sources, in one line.
fn chain(error: &BoxError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
