use std::net::IpAddr;

use asteroid_application::administration::{Administration, Page};
use asteroid_audit::{Action, AuditFilter, Outcome};
use asteroid_http::admin::objects::EventObject;
use asteroid_kernel::{AuditEventId, Timestamp};
use clap::Args;
use serde::Serialize;

use super::failure::ErrorCode;
use super::output::{LEFT, TextTable, answer};
use super::user::{administrators, unknown_user, user_reference};
use super::{CommandError, Context, Format, names};
use crate::storage::with_storage;

#[derive(Debug, Args)]
#[command(after_help = "\
A time is RFC 3339, or how long ago: 30m, 24h, 7d.

Examples:
  asteroid audit --user george@example.com --since 24h
  asteroid audit --action sign_in --outcome refused --limit 100
  asteroid audit --since 2026-01-01T00:00:00Z --until 2026-02-01T00:00:00Z --json | jq -r '.events[].ip' | sort | uniq -c")]
pub(super) struct AuditArguments {
    /// Only events that concern this user: an id or any contact.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only events of this action.
    #[arg(long, value_name = "ACTION", value_parser = names(&Action::ALL, Action::as_str))]
    action: Option<Action>,
    /// Only events with this outcome.
    #[arg(long, value_name = "OUTCOME", value_parser = names(&Outcome::ALL, Outcome::as_str))]
    outcome: Option<Outcome>,
    /// Only events of requests from this address.
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<IpAddr>,
    /// Only events at this time or later.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only events before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// The most events to list.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Continue after this event: the `next` of an earlier page.
    #[arg(long, value_name = "ID")]
    after: Option<AuditEventId>,
    #[command(flatten)]
    format: Format,
}

/// A text that is no time.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a time: write RFC 3339 such as 2026-01-02T03:04:05Z, or how long ago such as 24h")]
pub(super) struct InvalidTime(String);

impl ErrorCode for InvalidTime {
    fn code(&self) -> &'static str {
        "invalid_time"
    }
}

/// A page of listed events.
#[derive(Serialize)]
struct ListedEvents {
    events: Vec<EventObject>,
    /// Where the next page continues.
    next: Option<String>,
}

pub(super) fn run(context: &Context, arguments: &AuditArguments) -> Result<(), CommandError> {
    let settings = context.configuration()?.settings;
    let now = context.clock.now();
    let time = |text: &Option<String>| text.as_deref().map(|text| time(text, now)).transpose();
    let mut filter = AuditFilter {
        user: None,
        action: arguments.action,
        outcome: arguments.outcome,
        ip: arguments.ip,
        since: time(&arguments.since)?,
        until: time(&arguments.until)?,
    };
    let reference = arguments.user.as_deref().map(|user| user_reference(user, &settings)).transpose()?;
    let at_most = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let Page { items, next } = context.in_store(async |store| {
        Ok(with_storage!(store, |storage| {
            let administrators = administrators(context, &settings, storage)?;
            if let (Some(reference), Some(user)) = (reference, &arguments.user) {
                let found = administrators.find_subject(reference).await?;
                filter.user = Some(found.ok_or_else(|| unknown_user(user))?);
            }
            administrators.list_events(filter, arguments.after, at_most).await?
        }))
    })?;
    let events = items.iter().map(EventObject::from).collect();
    let listed = ListedEvents { events, next: next.map(|next| next.to_string()) };
    answer(arguments.format, &listed, || {
        let mut text = table(&listed.events);
        if let Some(next) = &listed.next {
            text.extend(["More: --after ", next, "\n"]);
        }
        text
    })
}

/// A time: RFC 3339, or how long ago.
fn time(text: &str, now: Timestamp) -> Result<Timestamp, InvalidTime> {
    if let Some(time) = Timestamp::parse(text) {
        return Ok(time);
    }
    humantime::parse_duration(text).map(|ago| now - ago).map_err(|_| InvalidTime(text.to_owned()))
}

/// A table of events.
pub(super) fn table(events: &[EventObject]) -> String {
    if events.is_empty() {
        return "No such event is in the audit trail.\n".to_owned();
    }
    let mut table =
        TextTable::with_header(["TIME", "ACTION", "OUTCOME", "USER", "CONTACT", "OPERATOR", "ADDRESS"]);
    for event in events {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        table.add_row([
            event.at.clone(),
            event.action.to_owned(),
            event.outcome.to_owned(),
            event.user.map(|user| user.to_string()).unwrap_or_default(),
            text(&event.contact),
            text(&event.operator),
            text(&event.ip),
        ]);
    }
    table.render(LEFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_absolute_or_a_duration_ago() {
        let now = Timestamp::parse("2026-01-02T00:00:00Z").expect("a time");
        let parse = |text| time(text, now).map(|time| time.to_string()).map_err(|error| error.to_string());
        assert_eq!(parse("24h"), Ok("2026-01-01T00:00:00.000Z".to_owned()));
        assert_eq!(parse("2025-12-31T01:00:00+01:00"), Ok("2025-12-31T00:00:00.000Z".to_owned()));
        let expected = "`yesterday` is not a time: write RFC 3339 such as 2026-01-02T03:04:05Z, or how long ago such as 24h";
        assert_eq!(parse("yesterday"), Err(expected.to_owned()));
    }
}
