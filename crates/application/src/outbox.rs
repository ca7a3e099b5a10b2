//! The outbox as operators see it.

use std::sync::Arc;

use asteroid_audit::{Action, AuditRepository};
use asteroid_kernel::{Clock, MessageId, Randomness, Storage, StorageError, UnitOfWork, unit_of_work};
use asteroid_messaging::{
    Content, OutboxEntry, OutboxFilter, OutboxRepository, OutboxState, OutboxStateKind,
};
use asteroid_verification::{ChallengeRepository, ChallengeState};

use crate::operator::{Act, Operator};

/// The failed messages that one unit of work checks.
const BATCH: usize = 200;

/// What operators do with the outbox, over any store.
pub struct Outbox<S> {
    storage: Arc<S>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

/// Why a message is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetryRefusal {
    /// No message has this id, or none any more.
    #[error("there is no such message")]
    Unknown,
    /// Its delivery has not failed.
    #[error("it has not failed: it waits for its next try")]
    Waiting,
    /// It has done its work.
    #[error("it was delivered")]
    Delivered,
    /// Its code has expired, or its notice is too old.
    #[error("it has become useless")]
    Useless,
    /// It would bring a code that opens nothing.
    #[error("its code was used or withdrawn")]
    CodeGone,
}

/// The outcome for all failed messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetriedDead {
    /// These wait again, the newest first.
    pub retried: Vec<MessageId>,
    /// How many stay failed, because they have expired or their codes are spent.
    pub left: u64,
}

impl Act {
    /// Lets a message wait again, if that makes sense.
    async fn retry<Tx: OutboxRepository + ChallengeRepository + AuditRepository>(
        &self,
        tx: &mut Tx,
        OutboxEntry { message, state, .. }: &OutboxEntry,
    ) -> Result<Result<(), RetryRefusal>, StorageError> {
        match state {
            OutboxState::Waiting { .. } => return Ok(Err(RetryRefusal::Waiting)),
            OutboxState::Delivered { .. } => return Ok(Err(RetryRefusal::Delivered)),
            OutboxState::Failed { .. } if self.now >= message.expires_at => {
                return Ok(Err(RetryRefusal::Useless));
            }
            OutboxState::Failed { .. } => {}
        }
        if let Content::Code { challenge, .. } = message.content {
            let challenge = tx.find_challenge(challenge).await?;
            if challenge.is_none_or(|challenge| challenge.state != ChallengeState::Open) {
                return Ok(Err(RetryRefusal::CodeGone));
            }
        }
        if !tx.requeue(message.id, self.now).await? {
            // A concurrent retry came first.
            return Ok(Err(RetryRefusal::Waiting));
        }
        tx.record_event(&self.event(Action::RetryMessage).with_contact(&message.to)).await?;
        Ok(Ok(()))
    }
}

struct Retry {
    id: MessageId,
    act: Act,
}

impl<Tx: OutboxRepository + ChallengeRepository + AuditRepository + Send> UnitOfWork<Tx> for Retry {
    type Output = Result<(), RetryRefusal>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Self::Output, StorageError> {
        match tx.find_entry(self.id).await? {
            Some(entry) => self.act.retry(tx, &entry).await,
            None => Ok(Err(RetryRefusal::Unknown)),
        }
    }
}

struct RetryDead {
    before: Option<MessageId>,
    act: Act,
}

impl<Tx: OutboxRepository + ChallengeRepository + AuditRepository + Send> UnitOfWork<Tx> for RetryDead {
    /// Each failed message that was checked, and its outcome.
    type Output = Vec<(MessageId, Result<(), RetryRefusal>)>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Self::Output, StorageError> {
        let dead = OutboxFilter { state: Some(OutboxStateKind::Failed), channel: None };
        let mut outcomes = Vec::new();
        for entry in tx.list_entries(&dead, self.before, BATCH).await? {
            outcomes.push((entry.message.id, self.act.retry(tx, &entry).await?));
        }
        Ok(outcomes)
    }
}

impl<S> Outbox<S>
where
    S: Storage,
    S::Tx: OutboxRepository + ChallengeRepository + AuditRepository,
{
    /// Puts the use cases on a store.
    #[must_use]
    pub fn new(storage: Arc<S>, clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { storage, clock, randomness }
    }

    /// The messages that the filter wants, the newest first, up to `at_most`.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn list(&self, filter: OutboxFilter, at_most: usize) -> Result<Vec<OutboxEntry>, StorageError> {
        self.list_before(filter, None, at_most).await
    }

    /// The same, of the messages before this one.
    pub(crate) async fn list_before(
        &self,
        filter: OutboxFilter,
        before: Option<MessageId>,
        at_most: usize,
    ) -> Result<Vec<OutboxEntry>, StorageError> {
        let list = unit_of_work((filter, before, at_most), |(filter, before, at_most), tx: &mut S::Tx| {
            Box::pin(tx.list_entries(filter, *before, *at_most))
        });
        self.storage.read(list).await
    }

    fn act(&self, operator: &Operator) -> Act {
        let randomness = Arc::clone(&self.randomness);
        Act { operator: operator.clone(), now: self.clock.now(), randomness }
    }

    /// Requeues a failed message, due now; a running server finds it at its next poll.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn retry(
        &self,
        id: MessageId,
        operator: &Operator,
    ) -> Result<Result<(), RetryRefusal>, StorageError> {
        self.storage.write(Retry { id, act: self.act(operator) }).await
    }

    /// Requeues every failed message that can still be delivered: in batches, so that no unit of work holds the
    /// store for long.
    ///
    /// # Errors
    ///
    /// If the store fails; what waits again by then goes on waiting.
    pub async fn retry_dead(&self, operator: &Operator) -> Result<RetriedDead, StorageError> {
        let (mut all, mut before) = (RetriedDead::default(), None);
        loop {
            let act = self.act(operator);
            let outcomes = self.storage.write(RetryDead { before, act }).await?;
            let Some((oldest, _)) = outcomes.last() else { return Ok(all) };
            before = Some(*oldest);
            for (id, outcome) in outcomes {
                match outcome {
                    Ok(()) => all.retried.push(id),
                    Err(_) => all.left += 1,
                }
            }
        }
    }
}
