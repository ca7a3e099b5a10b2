//! [`OutboxRepository`] by diesel.

use asteroid_kernel::{ContactKey, MessageId, StorageError, Timestamp};
use asteroid_messaging::{
    Backlog, Channel, Claim, Message, OutboxEntry, OutboxFilter, OutboxRepository, OutboxState,
    OutboxStateKind,
};
use diesel::dsl::auto_type;
use diesel::prelude::*;
use diesel::{delete, insert_into, update};

use super::Tx;
use crate::rows::{OutboxRow, StateColumns};
use crate::schema::outbox::{
    self, attempts, channel, completed_at, created_at, due_at, expires_at, failure_reason, id, recipient_key,
};
use crate::sql_types::{At, Id};

/// The ids of the due messages of a channel, longest due first.
#[auto_type]
pub(in super::super) fn due_messages(by: &'static str, now: At, at_most: i64) -> _ {
    outbox::table.filter(channel.eq(by)).filter(due_at.le(now)).order((due_at, id)).select(id).limit(at_most)
}

impl OutboxRepository for Tx {
    async fn enqueue(&mut self, message: &Message) -> Result<(), StorageError> {
        let state = OutboxState::Waiting { due_at: message.created_at };
        let entry = OutboxEntry { message: message.clone(), attempts: 0, state };
        self.execute(insert_into(outbox::table).values(OutboxRow::from(&entry))).await?;
        Ok(())
    }

    async fn claim_due(
        &mut self,
        by: Channel,
        now: Timestamp,
        lease_until: Timestamp,
        at_most: usize,
    ) -> Result<Vec<Claim>, StorageError> {
        // Selected first, because an UPDATE returns its rows unordered and with the new due times.
        let due = self.claimable(by, now, super::rows(at_most)).await?;
        // Checks the due time again: another transaction may have claimed the messages meanwhile.
        let claim = update(outbox::table.filter(id.eq_any(&due)).filter(due_at.le(At(now))))
            .set((attempts.eq(attempts + 1), due_at.eq(At(lease_until))))
            .returning(OutboxRow::as_returning());
        let mut claimed = self.all(claim).await?;
        claimed.sort_by_key(|row| due.iter().position(|due| *due == row.id()));
        let claim = |row| {
            let entry = OutboxEntry::try_from(row)?;
            Ok(Claim { message: entry.message, attempt: entry.attempts })
        };
        claimed.into_iter().map(claim).collect()
    }

    async fn complete(
        &mut self,
        message: MessageId,
        attempt: u32,
        state: &OutboxState,
    ) -> Result<bool, StorageError> {
        let claimed_entry = outbox::table
            .find(Id(message.0))
            .filter(attempts.eq(i64::from(attempt)))
            .filter(due_at.is_not_null());
        Ok(self.execute(update(claimed_entry).set(StateColumns::from(state))).await? == 1)
    }

    async fn find_entry(&mut self, message: MessageId) -> Result<Option<OutboxEntry>, StorageError> {
        let query = outbox::table.find(Id(message.0)).select(OutboxRow::as_select());
        Ok(self.first(query).await?.map(OutboxEntry::try_from).transpose()?)
    }

    async fn list_entries(
        &mut self,
        filter: &OutboxFilter,
        before: Option<MessageId>,
        at_most: usize,
    ) -> Result<Vec<OutboxEntry>, StorageError> {
        let mut query = outbox::table
            .order(id.desc())
            .select(OutboxRow::as_select())
            .limit(super::rows(at_most))
            .into_boxed();
        if let Some(before) = before {
            query = query.filter(id.lt(Id(before.0)));
        }
        if let Some(by) = filter.channel {
            query = query.filter(channel.eq(by.as_str()));
        }
        query = match filter.state {
            Some(OutboxStateKind::Waiting) => query.filter(due_at.is_not_null()),
            Some(OutboxStateKind::Delivered) => {
                query.filter(completed_at.is_not_null()).filter(failure_reason.is_null())
            }
            Some(OutboxStateKind::Failed) => query.filter(failure_reason.is_not_null()),
            None => query,
        };
        let entries = self.all::<OutboxRow, _>(query).await?.into_iter().map(OutboxEntry::try_from);
        Ok(entries.collect::<Result<_, _>>()?)
    }

    async fn messages_to(
        &mut self,
        recipient: &ContactKey,
        at_most: usize,
    ) -> Result<Vec<OutboxEntry>, StorageError> {
        let query = outbox::table
            .filter(recipient_key.eq(recipient.as_str()))
            .order(id.desc())
            .select(OutboxRow::as_select())
            .limit(super::rows(at_most));
        let entries = self.all::<OutboxRow, _>(query).await?.into_iter().map(OutboxEntry::try_from);
        Ok(entries.collect::<Result<_, _>>()?)
    }

    async fn remove_messages_to(&mut self, recipient: &ContactKey) -> Result<u64, StorageError> {
        self.execute(delete(outbox::table.filter(recipient_key.eq(recipient.as_str())))).await
    }

    async fn requeue(&mut self, message: MessageId, now: Timestamp) -> Result<bool, StorageError> {
        let failed = outbox::table
            .find(Id(message.0))
            .filter(failure_reason.is_not_null())
            .filter(expires_at.gt(At(now)));
        let waiting = StateColumns::from(&OutboxState::Waiting { due_at: now });
        Ok(self.execute(update(failed).set(waiting)).await? == 1)
    }

    async fn next_due(&mut self, by: Channel) -> Result<Option<Timestamp>, StorageError> {
        let query = outbox::table
            .filter(channel.eq(by.as_str()))
            .filter(due_at.is_not_null())
            .order(due_at)
            .select(due_at.assume_not_null())
            .limit(1);
        Ok(self.first::<At, _>(query).await?.map(|at| at.0))
    }

    async fn backlog(&mut self, by: Channel, at_most: usize) -> Result<Backlog, StorageError> {
        let query = outbox::table
            .filter(channel.eq(by.as_str()))
            .filter(due_at.is_not_null())
            .order(due_at)
            .select(created_at)
            .limit(super::rows(at_most));
        let created: Vec<At> = self.all(query).await?;
        let oldest = created.iter().map(|at| at.0).min();
        Ok(Backlog { waiting: created.len(), oldest })
    }

    async fn remove_completed(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        self.execute(delete(outbox::table.filter(completed_at.lt(At(before))))).await
    }
}
