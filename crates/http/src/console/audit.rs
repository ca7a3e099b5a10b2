//! `/admin/audit`, and its export as CSV and NDJSON.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use asteroid_application::administration::{Administration, UserReference};
use asteroid_audit::{Action, AuditFilter, Outcome};
use asteroid_kernel::{AuditEventId, StorageError, Timestamp};
use futures_util::stream;

use super::session::{Visitor, query};
use super::{
    ConsoleAccounts, ConsoleContext, Frame, NO_STORE, PAGE_LENGTH, PageError, PageResult, filters, show,
};
use crate::admin::next_page;
use crate::admin::objects::EventObject;

/// The events that an export reads at once.
const BATCH: usize = 500;

/// The conditions, as they were typed.
#[derive(Default)]
struct FilterFields {
    user: String,
    action: String,
    outcome: String,
    ip: String,
    since: String,
    until: String,
}

impl FilterFields {
    /// The conditions that are given.
    fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let conditions: [(_, &str); 6] = [
            ("user", &self.user),
            ("action", &self.action),
            ("outcome", &self.outcome),
            ("ip", &self.ip),
            ("since", &self.since),
            ("until", &self.until),
        ];
        conditions.into_iter().filter(|(_, value)| !value.is_empty())
    }

    fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.given()).finish()
    }
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct AuditPage {
    frame: Frame,
    filter: FilterFields,
    query: String,
    actions: Vec<&'static str>,
    outcomes: Vec<&'static str>,
    events: Vec<EventObject>,
    next: Option<String>,
    problem: Option<String>,
}

impl FilterFields {
    fn of(request: &HttpRequest) -> Self {
        let field = |name| query(request, name).trim().to_owned();
        Self {
            user: field("user"),
            action: field("action"),
            outcome: field("outcome"),
            ip: field("ip"),
            since: field("since"),
            until: field("until"),
        }
    }

    /// The conditions but for the user, or what is wrong with them.
    fn filter(&self) -> Result<AuditFilter, String> {
        fn read<T>(
            name: &str,
            text: &str,
            right: &str,
            parse: impl FnOnce(&str) -> Option<T>,
        ) -> Result<Option<T>, String> {
            match text {
                "" => Ok(None),
                text => parse(text).map(Some).ok_or_else(|| format!("The field {name} must be {right}.")),
            }
        }
        let time = "a time like 2026-01-31T00:00:00Z";
        Ok(AuditFilter {
            user: None,
            action: read("action", &self.action, "one of the list", Action::parse)?,
            outcome: read("outcome", &self.outcome, "one of the list", Outcome::parse)?,
            ip: read("address", &self.ip, "an address like 192.0.2.1", |text| text.parse().ok())?,
            since: read("since", &self.since, time, Timestamp::parse)?,
            until: read("until", &self.until, time, Timestamp::parse)?,
        })
    }
}

/// The conditions of a request, or what is wrong with them. [`None`] finds nothing: there is no such user.
async fn conditions<A: ConsoleAccounts, D: Administration>(
    context: &mut ConsoleContext<A, D>,
    fields: &FilterFields,
) -> Result<Result<Option<AuditFilter>, String>, PageError> {
    let filter = match fields.filter() {
        Ok(filter) if fields.user.is_empty() => return Ok(Ok(Some(filter))),
        Ok(filter) => filter,
        Err(problem) => return Ok(Err(problem)),
    };
    let Ok(user) = UserReference::parse(&fields.user, context.settings().default_region) else {
        return Ok(Err("The user must be an id, an e-mail address or a phone number.".to_owned()));
    };
    let found = context.call(|console| console.administration.find_subject(user)).await??;
    Ok(Ok(found.map(|user| AuditFilter { user: Some(user), ..filter })))
}

/// The page.
pub(super) async fn page<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let filter = FilterFields::of(context.request());
    let read = conditions(&mut context, &filter).await?;
    let before: Option<AuditEventId> = query(context.request(), "cursor").parse().ok();
    let query = filter.query();
    let (mut events, mut next, mut problem) = (Vec::new(), None, None);
    match read {
        Err(wrong) => problem = Some(wrong),
        Ok(None) => {}
        Ok(Some(wanted)) => {
            let page = context
                .call(|console| console.administration.list_events(wanted, before, PAGE_LENGTH))
                .await??;
            events = page.items.iter().map(EventObject::from).collect();
            next = page.next.map(|next| next_page("/admin/audit", filter.given(), &next.to_string()));
        }
    }
    show(&AuditPage {
        frame: visitor.frame(&context, "/admin/audit"),
        filter,
        query,
        actions: Action::ALL.map(Action::as_str).into(),
        outcomes: Outcome::ALL.map(Outcome::as_str).into(),
        events,
        next,
        problem,
    })
}

/// The selected events as CSV (RFC 4180).
pub(super) async fn csv<A: ConsoleAccounts, D: Administration>(context: ConsoleContext<A, D>) -> PageResult {
    let header = "id,at,action,outcome,user,contact,operator,ip,user_agent,request_id\r\n";
    export(context, "csv", "text/csv; charset=utf-8; header=present", header, |event| {
        let user = event.user.map(|user| user.to_string()).unwrap_or_default();
        let text = |text: Option<String>| text.unwrap_or_default();
        let fields = [
            event.id,
            event.at,
            event.action.to_owned(),
            event.outcome.to_owned(),
            user,
            text(event.contact),
            text(event.operator),
            text(event.ip),
            text(event.user_agent),
            text(event.request_id),
        ];
        let fields: Vec<String> = fields.iter().map(|field| csv_field(field)).collect();
        format!("{}\r\n", fields.join(","))
    })
    .await
}

/// The selected events as NDJSON.
pub(super) async fn ndjson<A: ConsoleAccounts, D: Administration>(
    context: ConsoleContext<A, D>,
) -> PageResult {
    export(context, "ndjson", "application/x-ndjson", "", |event| {
        let line = serde_json::to_string(&event).unwrap_or_default();
        format!("{line}\n")
    })
    .await
}

/// A field of CSV. A user agent is of a stranger's choice: what a spreadsheet would take for a formula is made a text.
fn csv_field(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// Streams the selected events, newest first: the memory that it takes does not grow with their number.
async fn export<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
    extension: &str,
    content_type: &'static str,
    header: &'static str,
    line: fn(EventObject) -> String,
) -> PageResult {
    Visitor::of(&mut context).await?;
    let fields = FilterFields::of(context.request());
    let read = conditions(&mut context, &fields).await?;
    let Ok(filter) = read else {
        // The page says what is wrong.
        return Err(PageError::SeeOther(format!("/admin/audit?{}", fields.query())));
    };
    let console = Arc::clone(context.use_cases());
    let start = Some((filter, None::<AuditEventId>, Some(header)));
    let batches = stream::try_unfold(start, move |state| {
        let console = Arc::clone(&console);
        async move {
            let Some((filter, before, header)) = state else { return Ok(None) };
            let mut text = header.unwrap_or_default().to_owned();
            let Some(filter) = filter else { return Ok(Some((Bytes::from(text), None))) };
            let page = console.administration.list_events(filter, before, BATCH).await?;
            text.extend(page.items.iter().map(|event| line(EventObject::from(event))));
            let next = page.next.map(|next| (Some(filter), Some(next), None));
            Ok::<_, StorageError>(Some((Bytes::from(text), next)))
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"audit.{extension}\"")))
        .insert_header((CACHE_CONTROL, NO_STORE))
        .streaming(batches))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_csv_is_one_text() {
        for (text, field) in [
            ("", "\"\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=cmd()", "\"'=cmd()\""),
            ("a\r\nb", "\"a\r\nb\""),
        ] {
            assert_eq!(csv_field(text), field);
        }
    }
}
