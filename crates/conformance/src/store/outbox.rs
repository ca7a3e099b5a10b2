use asteroid_kernel::{MessageId, Timestamp};
use asteroid_messaging::{Claim, Message, OutboxEntry, OutboxRepository, OutboxState};

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

    pub(crate) async fn claim_due(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        at_most: usize,
    ) -> Vec<Claim> {
        self.write((now, lease_until, at_most), |(now, lease_until, at_most), tx| {
            Box::pin(tx.claim_due(*now, *lease_until, *at_most))
        })
        .await
    }

    pub(crate) async fn settle(&self, id: MessageId, attempt: u32, state: &OutboxState) -> bool {
        self.write((id, attempt, state.clone()), |(id, attempt, state), tx| {
            Box::pin(tx.settle(*id, *attempt, state))
        })
        .await
    }

    pub(crate) async fn find_entry(&self, id: MessageId) -> Option<OutboxEntry> {
        self.read(id, |id, tx| Box::pin(tx.find_entry(*id))).await
    }

    pub(crate) async fn next_due(&self) -> Option<Timestamp> {
        self.read((), |(), tx| Box::pin(tx.next_due())).await
    }

    pub(crate) async fn remove_settled(&self, before: Timestamp) -> u64 {
        self.write(before, |before, tx| Box::pin(tx.remove_settled(*before))).await
    }
}
