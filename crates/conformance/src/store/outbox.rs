use asteroid_kernel::{MessageId, Timestamp};
use asteroid_messaging::{Channel, Claim, Message, OutboxEntry, OutboxFilter, OutboxRepository, OutboxState};

use super::{CompleteStorage, Store};

impl<S: CompleteStorage> Store<S> {
    pub(crate) async fn enqueue(&self, messages: &[Message]) {
        self.write(messages.to_vec(), |messages, tx| {
            Box::pin(async move {
                for message in messages {
                    tx.enqueue(message).await?;
                }
                Ok(())
            })
        })
        .await;
    }

    /// Claims e-mails.
    pub(crate) async fn claim_due(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        at_most: usize,
    ) -> Vec<Claim> {
        self.claim_due_by(Channel::Email, now, lease_until, at_most).await
    }

    pub(crate) async fn claim_due_by(
        &self,
        channel: Channel,
        now: Timestamp,
        lease_until: Timestamp,
        at_most: usize,
    ) -> Vec<Claim> {
        self.write((channel, now, lease_until, at_most), |(channel, now, lease_until, at_most), tx| {
            Box::pin(tx.claim_due(*channel, *now, *lease_until, *at_most))
        })
        .await
    }

    pub(crate) async fn complete(&self, id: MessageId, attempt: u32, state: &OutboxState) -> bool {
        self.write((id, attempt, state.clone()), |(id, attempt, state), tx| {
            Box::pin(tx.complete(*id, *attempt, state))
        })
        .await
    }

    pub(crate) async fn find_entry(&self, id: MessageId) -> Option<OutboxEntry> {
        self.read(id, |id, tx| Box::pin(tx.find_entry(*id))).await
    }

    pub(crate) async fn list_entries(
        &self,
        filter: OutboxFilter,
        before: Option<MessageId>,
        at_most: usize,
    ) -> Vec<OutboxEntry> {
        self.read((filter, before, at_most), |(filter, before, at_most), tx| {
            Box::pin(tx.list_entries(filter, *before, *at_most))
        })
        .await
    }

    pub(crate) async fn requeue(&self, id: MessageId, now: Timestamp) -> bool {
        self.write((id, now), |(id, now), tx| Box::pin(tx.requeue(*id, *now))).await
    }

    /// When the next e-mail is due.
    pub(crate) async fn next_due(&self) -> Option<Timestamp> {
        self.next_due_by(Channel::Email).await
    }

    pub(crate) async fn next_due_by(&self, channel: Channel) -> Option<Timestamp> {
        self.read(channel, |channel, tx| Box::pin(tx.next_due(*channel))).await
    }

    pub(crate) async fn remove_completed(&self, before: Timestamp) -> u64 {
        self.write(before, |before, tx| Box::pin(tx.remove_completed(*before))).await
    }
}
