use std::sync::Arc;

use asteroid_application::{Outbox, RetryRefusal};
use asteroid_audit::AuditRepository;
use asteroid_http::admin::objects::MessageObject;
use asteroid_kernel::{MessageId, Storage};
use asteroid_messaging::{Channel, OutboxFilter, OutboxRepository, OutboxStateKind};
use asteroid_verification::ChallengeRepository;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::output::{LEFT, TextTable, answer};
use super::{CommandError, Context, Format, names, operator};
use crate::storage::with_storage;

#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  asteroid outbox list --state failed && asteroid outbox retry --failed")]
pub(super) enum OutboxCommand {
    /// List messages, newest first. The outbox stores neither their text nor their code.
    List(List),
    /// Retry failed messages that have not expired. A running server starts within a second.
    Retry(Retry),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  asteroid outbox list --state waiting --channel sms\n  \
    asteroid outbox list --state failed --json | jq -r '.[] | .reason' | sort | uniq -c")]
pub(super) struct List {
    /// Only messages in this state.
    #[arg(long, value_name = "STATE", value_parser = states())]
    state: Option<OutboxStateKind>,
    /// Only e-mails, or only SMS.
    #[arg(long, value_name = "CHANNEL", value_parser = names(&Channel::ALL, Channel::as_str))]
    channel: Option<Channel>,
    /// The most messages to list.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  asteroid outbox retry 019c0a1e-6b7e-7c3a-9f52-0d6f6f3b1c55\n  \
    asteroid outbox retry --failed --json")]
pub(super) struct Retry {
    /// The ids of messages, as `asteroid outbox list` shows them.
    #[arg(value_name = "ID", required_unless_present = "failed")]
    ids: Vec<MessageId>,
    /// All failed messages that have not expired.
    #[arg(long, alias = "dead", conflicts_with = "ids")]
    failed: bool,
    #[command(flatten)]
    format: Format,
}

/// Reads a state by its name. Version 0.1 called failed messages dead.
fn states() -> impl TypedValueParser<Value = OutboxStateKind> {
    let value = |state: OutboxStateKind| match state {
        OutboxStateKind::Failed => PossibleValue::new(state.as_str()).alias("dead"),
        OutboxStateKind::Waiting | OutboxStateKind::Delivered => PossibleValue::new(state.as_str()),
    };
    PossibleValuesParser::new(OutboxStateKind::ALL.map(value)).try_map(|text| match text.as_str() {
        "dead" => Ok(OutboxStateKind::Failed),
        name => OutboxStateKind::parse(name).ok_or("is not known"),
    })
}

/// A message that is not tried again.
#[derive(Serialize)]
struct Refused {
    id: String,
    reason: String,
}

pub(super) fn run(context: &Context, command: &OutboxCommand) -> Result<(), CommandError> {
    match command {
        OutboxCommand::List(arguments) => list(context, arguments),
        OutboxCommand::Retry(Retry { failed: true, format, .. }) => retry_failed(context, *format),
        OutboxCommand::Retry(Retry { ids, format, .. }) => retry(context, ids, *format),
    }
}

/// The outbox on this store.
fn outbox<S>(context: &Context, storage: Arc<S>) -> Outbox<S>
where
    S: Storage<Tx: OutboxRepository + ChallengeRepository + AuditRepository>,
{
    Outbox::new(storage, Arc::clone(&context.clock), Arc::clone(&context.randomness))
}

fn list(context: &Context, List { state, channel, limit, format }: &List) -> Result<(), CommandError> {
    let filter = OutboxFilter { state: *state, channel: *channel };
    let at_most = usize::try_from(*limit).unwrap_or(usize::MAX);
    let entries = context.in_store(async |store| {
        Ok(with_storage!(store, |storage| outbox(context, storage).list(filter, at_most).await?))
    })?;
    let listed: Vec<MessageObject> = entries.iter().map(MessageObject::from).collect();
    answer(*format, &listed, || table(&listed))
}

fn retry(context: &Context, ids: &[MessageId], format: Format) -> Result<(), CommandError> {
    let outcomes = context.in_store(async |store| {
        let mut outcomes = Vec::new();
        with_storage!(store, |storage| {
            let outbox = outbox(context, storage);
            for id in ids {
                outcomes.push((*id, outbox.retry(*id, &operator()).await?));
            }
        });
        Ok(outcomes)
    })?;
    let retried: Vec<String> =
        outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(id, _)| id.to_string()).collect();
    let refused: Vec<Refused> = outcomes
        .iter()
        .filter_map(|(id, outcome)| Some((id, outcome.as_ref().err()?)))
        .map(|(id, reason)| Refused { id: id.to_string(), reason: reason.to_string() })
        .collect();
    answer(format, &json!({ "retried": retried, "refused": refused }), || {
        outcomes.iter().map(|(id, outcome)| line(*id, *outcome)).collect()
    })?;
    if refused.is_empty() {
        return Ok(());
    }
    let message = format!("{} of {} messages are not tried again", refused.len(), ids.len());
    Err(CommandError::Answered { code: "not_retried", message })
}

fn line(id: MessageId, outcome: Result<(), RetryRefusal>) -> String {
    match outcome {
        Ok(()) => format!("{id} is tried again.\n"),
        Err(reason) => format!("{id} is not tried again: {reason}.\n"),
    }
}

fn retry_failed(context: &Context, format: Format) -> Result<(), CommandError> {
    let all = context.in_store(async |store| {
        Ok(with_storage!(store, |storage| outbox(context, storage).retry_dead(&operator()).await?))
    })?;
    let retried: Vec<String> = all.retried.iter().map(ToString::to_string).collect();
    answer(format, &json!({ "retried": retried, "left": all.left }), || {
        let messages =
            |count: u64| if count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
        let tried = messages(retried.len() as u64);
        let left = messages(all.left);
        format!("Tried again: {tried}. Expired or without a recipient, not tried again: {left}.")
    })
}

/// A table of the messages.
pub(super) fn table(listed: &[MessageObject]) -> String {
    if listed.is_empty() {
        return "No such message is in the outbox.".to_owned();
    }
    let mut table = TextTable::with_header(["ID", "CREATED", "CHANNEL", "TO", "KIND", "TRIES", "STATE"]);
    for message in listed {
        table.add_row(row(message));
    }
    table.render(LEFT)
}

fn row(message: &MessageObject) -> [String; 7] {
    let state = match (message.state, &message.due_at, &message.completed_at, &message.reason) {
        (state, Some(due_at), ..) => format!("{state} until {due_at}"),
        // On one line, even if the reason has several.
        (state, _, Some(at), Some(reason)) => {
            let reason = reason.replace(char::is_control, " ");
            format!("{state} since {at}: {reason}")
        }
        (state, _, Some(at), None) => format!("{state} at {at}"),
        (state, None, None, _) => state.to_owned(),
    };
    [
        message.id.clone(),
        message.created_at.clone(),
        message.channel.to_owned(),
        message.to.clone(),
        message.kind.to_owned(),
        message.attempts.to_string(),
        state,
    ]
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::mocks::CountingRandomness;
    use asteroid_kernel::{Contact, Region, Timestamp};
    use asteroid_messaging::{Content, Message, MessageKind, OutboxEntry, OutboxState};

    use super::*;

    fn entry(to: &str, state: OutboxState) -> MessageObject {
        let now = Timestamp::parse("2026-01-02T03:04:05.678Z").expect("a time");
        let to = Contact::parse(to, Region::US).expect("a contact");
        let randomness = CountingRandomness::default();
        let (kind, content) = (MessageKind::PasswordChanged, Content::Notice);
        let message = Message::new(to, kind, content, now + Message::NOTICE_LIFE, now, &randomness);
        (&OutboxEntry { message, attempts: 3, state }).into()
    }

    #[test]
    fn outbox_table_has_a_line_per_message_with_a_masked_recipient() {
        let at = Timestamp::parse("2026-01-02T03:05:00.000Z").expect("a time");
        let listed = [
            entry("george.washington@example.com", OutboxState::Waiting { due_at: at }),
            entry("555-665-4345", OutboxState::Delivered { at }),
            entry(
                "m@example.com",
                OutboxState::Failed { at, reason: "550\nno such\u{1b}[2J mailbox".into() },
            ),
        ];
        insta::assert_snapshot!(table(&listed), @r"
        ID                                    CREATED                   CHANNEL  TO               KIND              TRIES  STATE
        019b7ca9-8f2e-7fcd-9d7b-39a820e2f465  2026-01-02T03:04:05.678Z  email    g…n@example.com  password_changed  3      waiting until 2026-01-02T03:05:00.000Z
        019b7ca9-8f2e-7fcd-9d7b-39a820e2f465  2026-01-02T03:04:05.678Z  sms      …4345            password_changed  3      delivered at 2026-01-02T03:05:00.000Z
        019b7ca9-8f2e-7fcd-9d7b-39a820e2f465  2026-01-02T03:04:05.678Z  email    …@example.com    password_changed  3      failed since 2026-01-02T03:05:00.000Z: 550 no such [2J mailbox
        ");
        assert_eq!(table(&[]), "No such message is in the outbox.");
    }
}
