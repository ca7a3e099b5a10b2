//! Rows of `outbox`.

use asteroid_kernel::{ChallengeId, MessageId};
use asteroid_messaging::{Content, Message, MessageKind, OutboxEntry, OutboxState};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::outbox;
use crate::sql_types::{At, Id};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = outbox, check_for_backend(Pg, Sqlite), treat_none_as_default_value = false)]
pub(crate) struct OutboxRow {
    id: Id,
    kind: String,
    recipient: String,
    challenge_id: Option<Id>,
    autofill: bool,
    created_at: At,
    expires_at: At,
    attempts: i64,
    #[diesel(embed)]
    state: StateColumns,
    /// [`None`] in no row that this version writes.
    recipient_key: Option<String>,
}

/// The columns of an [`OutboxState`].
#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(
    table_name = outbox,
    check_for_backend(Pg, Sqlite),
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub(crate) struct StateColumns {
    due_at: Option<At>,
    completed_at: Option<At>,
    failure_reason: Option<String>,
}

impl From<&OutboxState> for StateColumns {
    fn from(state: &OutboxState) -> Self {
        match state {
            OutboxState::Waiting { due_at } => {
                Self { due_at: Some(At(*due_at)), completed_at: None, failure_reason: None }
            }
            OutboxState::Delivered { at } => {
                Self { due_at: None, completed_at: Some(At(*at)), failure_reason: None }
            }
            OutboxState::Failed { at, reason } => {
                Self { due_at: None, completed_at: Some(At(*at)), failure_reason: Some(reason.clone()) }
            }
        }
    }
}

impl TryFrom<StateColumns> for OutboxState {
    type Error = UnreadableColumn;

    fn try_from(columns: StateColumns) -> Result<Self, UnreadableColumn> {
        match (columns.due_at, columns.completed_at, columns.failure_reason) {
            (Some(due_at), None, None) => Ok(Self::Waiting { due_at: due_at.0 }),
            (None, Some(at), None) => Ok(Self::Delivered { at: at.0 }),
            (None, Some(at), Some(reason)) => Ok(Self::Failed { at: at.0, reason }),
            _ => Err(UnreadableColumn("outbox.due_at, settled_at or dead_reason")),
        }
    }
}

impl OutboxRow {
    pub(crate) fn id(&self) -> Id {
        self.id
    }
}

impl From<&OutboxEntry> for OutboxRow {
    fn from(entry: &OutboxEntry) -> Self {
        let message = &entry.message;
        let (challenge_id, autofill) = match message.content {
            Content::Code { challenge, autofill } => (Some(Id(challenge.0)), autofill),
            Content::Notice => (None, false),
        };
        Self {
            id: Id(message.id.0),
            kind: message.kind.as_str().to_owned(),
            recipient: message.to.as_str().to_owned(),
            challenge_id,
            autofill,
            created_at: At(message.created_at),
            expires_at: At(message.expires_at),
            attempts: entry.attempts.into(),
            state: StateColumns::from(&entry.state),
            recipient_key: Some(message.to.key().as_str().to_owned()),
        }
    }
}

impl TryFrom<OutboxRow> for OutboxEntry {
    type Error = UnreadableColumn;

    fn try_from(row: OutboxRow) -> Result<Self, UnreadableColumn> {
        let message = Message {
            id: MessageId(row.id.0),
            to: super::contact(&row.recipient, "outbox.recipient")?,
            kind: MessageKind::parse(&row.kind).ok_or(UnreadableColumn("outbox.kind"))?,
            content: row.challenge_id.map_or(Content::Notice, |challenge| Content::Code {
                challenge: ChallengeId(challenge.0),
                autofill: row.autofill,
            }),
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
        };
        let attempts = super::count(row.attempts, "outbox.attempts")?;
        Ok(Self { message, attempts, state: row.state.try_into()? })
    }
}
