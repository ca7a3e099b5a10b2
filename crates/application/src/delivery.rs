//! Delivering the messages of the outbox.

use std::sync::Arc;
use std::time::Duration;

use asteroid_identity::PendingRegistrationRepository;
use asteroid_kernel::{
    ChallengeId, Clock, MessageId, Randomness, Storage, StorageError, Timestamp, UnitOfWork, in_one_line,
    random_bytes, unit_of_work,
};
use asteroid_messaging::{
    Channel, Claim, Content, DeliveryError, MessageKind, MessageRenderer, MessageTransport, OutboxRepository,
    OutboxState, RetrySchedule,
};
use asteroid_verification::{ChallengeRepository, ChallengeState, CodeKeys};

use crate::message_context::MessageContext;

/// How the outbox is emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryRules {
    /// The lease: how long no other worker may claim a claimed message. A delivery must end well before.
    pub lease: Duration,
    /// So many e-mails are delivered side by side.
    pub emails_at_once: usize,
    /// So many SMS are delivered side by side.
    pub sms_at_once: usize,
    /// When what failed for the moment is tried again.
    pub retries: RetrySchedule,
}

impl Default for DeliveryRules {
    /// Leases of 30 seconds, 16 e-mails and 16 SMS at once, retries after 1, 2, 4 … 60 seconds.
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            emails_at_once: 16,
            sms_at_once: 16,
            retries: RetrySchedule::default(),
        }
    }
}

impl DeliveryRules {
    /// So many messages of this channel are delivered side by side.
    #[must_use]
    pub const fn at_once(&self, channel: Channel) -> usize {
        match channel {
            Channel::Email => self.emails_at_once,
            Channel::Sms => self.sms_at_once,
        }
    }
}

/// A message that was claimed, and is to be delivered now.
#[derive(Clone, Debug)]
pub struct Delivery {
    claim: Claim,
    /// As it was when the message was claimed.
    context: MessageContext,
}

/// A delivery that has completed, and is to be recorded.
#[derive(Clone, Debug)]
pub struct Completed {
    /// The channel of the message.
    pub channel: Channel,
    /// The kind of the message.
    pub kind: MessageKind,
    /// What came of the attempt.
    pub outcome: DeliveryOutcome,
    id: MessageId,
    attempt: u32,
    state: OutboxState,
}

asteroid_kernel::named_enum! {
    /// What came of an attempt to deliver a message.
    pub enum DeliveryOutcome {
        /// The provider accepted the message.
        Delivered,
        /// The provider refused the message permanently.
        Refused,
        /// The provider failed for the moment; another attempt follows.
        Retrying,
        /// The provider failed for the moment, and the message expires before another attempt.
        GivenUp,
        /// The message expired before the attempt.
        Expired,
        /// No user has the contact: the message equalises the time of a request, and is never sent.
        NoUser,
        /// The code of the message was used or withdrawn before the attempt.
        CodeWithdrawn,
        /// The key of the code is no longer in the key ring.
        KeyMissing,
    }
}

/// The messages that were claimed together.
#[derive(Clone, Debug)]
pub struct DeliveryBatch {
    /// The messages that were claimed.
    pub deliveries: Vec<Delivery>,
    /// When the next message of the channel is due; none if none waits.
    pub next_due: Option<Timestamp>,
}

/// Empties the outbox: claims messages, puts them into words, hands them to the transport of their channel, and
/// notes what came of it. Any number of dispatchers may work on one store.
///
/// Its driver repeats for each channel: [`next_batch`](Self::next_batch) notes what has completed and claims as many as there
/// are free places, [`deliver`](Self::deliver) runs for each claim, side by side. A batch is due whenever a delivery
/// has completed, when the next message is due, and when the [signal](asteroid_messaging::DeliverySignal) is given. Channels
/// wait for each other in nothing, and neither do the messages of one.
pub struct Dispatcher<S, E, P> {
    /// The store.
    pub storage: Arc<S>,
    /// Where e-mails leave by.
    pub email: E,
    /// Where SMS leave by.
    pub sms: P,
    /// Puts messages into words.
    pub renderer: MessageRenderer,
    /// Derive the codes.
    pub keys: Arc<CodeKeys>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Spreads the retries.
    pub randomness: Arc<dyn Randomness>,
    /// The settings.
    pub rules: DeliveryRules,
}

/// Notes what has completed and claims what is due, together: under load, a write for many messages.
struct CompleteAndClaim {
    completed: Vec<Completed>,
    channel: Channel,
    now: Timestamp,
    lease_until: Timestamp,
    at_most: usize,
}

impl<Tx> UnitOfWork<Tx> for CompleteAndClaim
where
    Tx: OutboxRepository + ChallengeRepository + PendingRegistrationRepository + Send,
{
    type Output = DeliveryBatch;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<DeliveryBatch, StorageError> {
        for completed in &self.completed {
            tx.complete(completed.id, completed.attempt, &completed.state).await?;
        }
        let mut deliveries = Vec::new();
        if self.at_most > 0 {
            for claim in tx.claim_due(self.channel, self.now, self.lease_until, self.at_most).await? {
                let context = MessageContext::of(tx, &claim.message, self.now).await?;
                deliveries.push(Delivery { claim, context });
            }
        }
        Ok(DeliveryBatch { deliveries, next_due: tx.next_due(self.channel).await? })
    }
}

impl<S, E, P> Dispatcher<S, E, P>
where
    S: Storage,
    S::Tx: OutboxRepository + ChallengeRepository + PendingRegistrationRepository,
    E: MessageTransport,
    P: MessageTransport,
{
    /// Notes what has completed, and claims up to `at_most` messages of this channel that are due. Where there is nothing
    /// to note and nothing is due, nothing is written.
    ///
    /// # Errors
    ///
    /// If the store fails. Nothing was noted then: the same is to be noted by the next batch. What was delivered and is
    /// never noted is delivered again when its lease ends.
    pub async fn next_batch(
        &self,
        channel: Channel,
        completed: &[Completed],
        at_most: usize,
    ) -> Result<DeliveryBatch, StorageError> {
        let now = self.clock.now();
        if completed.is_empty() {
            // Only read: an idle dispatcher writes nothing.
            let next_due = self
                .storage
                .read(unit_of_work(channel, |channel, tx: &mut S::Tx| Box::pin(tx.next_due(*channel))))
                .await?;
            if at_most == 0 || next_due.is_none_or(|due| due > now) {
                return Ok(DeliveryBatch { deliveries: Vec::new(), next_due });
            }
        }
        let (completed, lease_until) = (completed.to_vec(), now + self.rules.lease);
        self.storage.write(CompleteAndClaim { completed, channel, now, lease_until, at_most }).await
    }

    /// Tries to deliver a message that was claimed.
    pub async fn deliver(&self, Delivery { claim, context }: Delivery) -> Completed {
        let (outcome, state) = self.attempt(&claim, &context).await;
        let (message, attempt) = (&claim.message, claim.attempt);
        Completed { channel: message.channel(), kind: message.kind, outcome, id: message.id, attempt, state }
    }

    async fn attempt(&self, claim: &Claim, context: &MessageContext) -> (DeliveryOutcome, OutboxState) {
        let (message, now) = (&claim.message, self.clock.now());
        let failed =
            |outcome, reason: &str| (outcome, OutboxState::Failed { at: now, reason: reason.to_owned() });
        if message.is_decoy() {
            return failed(DeliveryOutcome::NoUser, "no user has this contact");
        }
        if now >= message.expires_at {
            return failed(DeliveryOutcome::Expired, "it expired before it could be delivered");
        }
        let code = match (message.content, &context.challenge) {
            (Content::Notice, _) => None,
            (Content::Code { .. }, Some(challenge)) if challenge.state == ChallengeState::Open => {
                self.keys.code(challenge)
            }
            (Content::Code { challenge: ChallengeId(_), .. }, _) => {
                let reason = "its code was used or withdrawn before it could be delivered";
                return failed(DeliveryOutcome::CodeWithdrawn, reason);
            }
        };
        let code = code.as_ref().map(asteroid_verification::Code::expose);
        let Some(outgoing) = self.renderer.render(message, code, context.registration.as_ref(), now) else {
            return failed(DeliveryOutcome::KeyMissing, "the key of its code is no longer in the key ring");
        };
        let sent = match message.channel() {
            Channel::Email => self.email.deliver(&outgoing).await,
            Channel::Sms => self.sms.deliver(&outgoing).await,
        };
        let (id, channel, attempt) = (message.id, message.channel().as_str(), claim.attempt);
        match sent {
            Ok(()) => {
                tracing::info!(%id, channel, kind = message.kind.as_str(), attempt, "message delivered");
                (DeliveryOutcome::Delivered, OutboxState::Delivered { at: self.clock.now() })
            }
            Err(DeliveryError::Permanent(source)) => {
                let reason = in_one_line(&*source);
                tracing::warn!(%id, channel, attempt, %reason, "message permanently refused");
                failed(DeliveryOutcome::Refused, &reason)
            }
            Err(DeliveryError::Passing(source)) => {
                let reason = in_one_line(&*source);
                let [jitter] = random_bytes(&*self.randomness);
                let due_at = self.clock.now() + self.rules.retries.wait_after(claim.attempt, jitter);
                tracing::warn!(%id, channel, attempt, %reason, "message not delivered, retrying");
                if due_at < message.expires_at {
                    (DeliveryOutcome::Retrying, OutboxState::Waiting { due_at })
                } else {
                    failed(DeliveryOutcome::GivenUp, &reason)
                }
            }
        }
    }
}
