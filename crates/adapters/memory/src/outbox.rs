//! [`OutboxRepository`] in memory.

use asteroid_kernel::{ContactKey, MessageId, StorageError, Timestamp};
use asteroid_messaging::{
    Backlog, Channel, Claim, Message, OutboxEntry, OutboxFilter, OutboxRepository, OutboxState,
};

use crate::MemoryTx;
use crate::table::remove_where;

/// When a waiting message is due; [`None`] for a completed one.
fn due_at(entry: &OutboxEntry) -> Option<Timestamp> {
    match entry.state {
        OutboxState::Waiting { due_at } => Some(due_at),
        OutboxState::Delivered { .. } | OutboxState::Failed { .. } => None,
    }
}

impl OutboxRepository for MemoryTx {
    async fn enqueue(&mut self, message: &Message) -> Result<(), StorageError> {
        let state = OutboxState::Waiting { due_at: message.created_at };
        let entry = OutboxEntry { message: message.clone(), attempts: 0, state };
        self.state_mut()?.outbox.insert(message.id, entry);
        Ok(())
    }

    async fn claim_due(
        &mut self,
        channel: Channel,
        now: Timestamp,
        lease_until: Timestamp,
        at_most: usize,
    ) -> Result<Vec<Claim>, StorageError> {
        let outbox = &mut self.state_mut()?.outbox;
        let due = |entry: &OutboxEntry| due_at(entry).filter(|due_at| *due_at <= now);
        let of_channel = outbox.values().filter(|entry| entry.message.channel() == channel);
        let mut waiting: Vec<(Timestamp, MessageId)> =
            of_channel.filter_map(|entry| Some((due(entry)?, entry.message.id))).collect();
        waiting.sort_unstable();
        waiting.truncate(at_most);
        let mut claims = Vec::new();
        for (_, id) in waiting {
            if let Some(entry) = outbox.get_mut(&id) {
                entry.attempts += 1;
                entry.state = OutboxState::Waiting { due_at: lease_until };
                claims.push(Claim { message: entry.message.clone(), attempt: entry.attempts });
            }
        }
        Ok(claims)
    }

    async fn complete(
        &mut self,
        id: MessageId,
        attempt: u32,
        state: &OutboxState,
    ) -> Result<bool, StorageError> {
        let entry = self.state_mut()?.outbox.get_mut(&id);
        let claimed = entry.filter(|entry| entry.attempts == attempt && due_at(entry).is_some());
        let Some(claimed) = claimed else { return Ok(false) };
        claimed.state = state.clone();
        Ok(true)
    }

    async fn find_entry(&mut self, id: MessageId) -> Result<Option<OutboxEntry>, StorageError> {
        Ok(self.state().outbox.get(&id).cloned())
    }

    async fn list_entries(
        &mut self,
        filter: &OutboxFilter,
        before: Option<MessageId>,
        at_most: usize,
    ) -> Result<Vec<OutboxEntry>, StorageError> {
        let newest_first = self.state().outbox.values().rev();
        let older = newest_first.filter(|entry| before.is_none_or(|before| entry.message.id < before));
        Ok(older.filter(|entry| filter.wants(entry)).take(at_most).cloned().collect())
    }

    async fn messages_to(
        &mut self,
        recipient: &ContactKey,
        at_most: usize,
    ) -> Result<Vec<OutboxEntry>, StorageError> {
        let newest_first = self.state().outbox.values().rev();
        let own = newest_first.filter(|entry| entry.message.to.key() == *recipient);
        Ok(own.take(at_most).cloned().collect())
    }

    async fn remove_messages_to(&mut self, recipient: &ContactKey) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.outbox, |_, entry| entry.message.to.key() == *recipient))
    }

    async fn requeue(&mut self, id: MessageId, now: Timestamp) -> Result<bool, StorageError> {
        let entry = self.state_mut()?.outbox.get_mut(&id);
        let failed = entry.filter(|entry| {
            matches!(entry.state, OutboxState::Failed { .. }) && now < entry.message.expires_at
        });
        let Some(failed) = failed else { return Ok(false) };
        failed.state = OutboxState::Waiting { due_at: now };
        Ok(true)
    }

    async fn next_due(&mut self, channel: Channel) -> Result<Option<Timestamp>, StorageError> {
        let entries = self.state().outbox.values();
        Ok(entries.filter(|entry| entry.message.channel() == channel).filter_map(due_at).min())
    }

    async fn backlog(&mut self, channel: Channel, at_most: usize) -> Result<Backlog, StorageError> {
        let entries = self.state().outbox.values().filter(|entry| entry.message.channel() == channel);
        let mut waiting: Vec<(Timestamp, Timestamp)> =
            entries.filter_map(|entry| Some((due_at(entry)?, entry.message.created_at))).collect();
        waiting.sort_unstable();
        waiting.truncate(at_most);
        Ok(Backlog {
            waiting: waiting.len(),
            oldest: waiting.iter().map(|(_, created_at)| *created_at).min(),
        })
    }

    async fn remove_completed(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        let is_removed = |_: &MessageId, entry: &OutboxEntry| match entry.state {
            OutboxState::Waiting { .. } => false,
            OutboxState::Delivered { at } | OutboxState::Failed { at, .. } => at < before,
        };
        Ok(remove_where(&mut self.state_mut()?.outbox, is_removed))
    }
}
