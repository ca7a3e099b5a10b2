//! `/admin/`

use askama::Template;
use asteroid_application::administration::Administration;
use asteroid_audit::{AuditFilter, Outcome};
use asteroid_messaging::{OutboxFilter, OutboxStateKind};

use super::session::Visitor;
use super::{ConsoleAccounts, ConsoleContext, Frame, PageResult, filters, show};
use crate::admin::objects::{EventObject, MessageObject};

/// How many of each kind are shown.
const LATEST: usize = 10;

#[derive(Template)]
#[template(path = "console/overview.html")]
struct OverviewPage {
    frame: Frame,
    failed: Vec<MessageObject>,
    waiting: Vec<MessageObject>,
    events: Vec<EventObject>,
}

/// The page.
pub(super) async fn page<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let in_state = |state| OutboxFilter { state: Some(state), channel: None };
    let [failed, waiting] = [OutboxStateKind::Failed, OutboxStateKind::Waiting].map(in_state);
    let failed = context.call(|console| console.administration.list_messages(failed, None, LATEST)).await??;
    let waiting =
        context.call(|console| console.administration.list_messages(waiting, None, LATEST)).await??;
    let limited = AuditFilter { outcome: Some(Outcome::Limited), ..AuditFilter::default() };
    let locked = context.call(|console| console.administration.list_events(limited, None, LATEST)).await??;
    show(&OverviewPage {
        frame: visitor.frame(&context, "/admin/"),
        failed: failed.items.iter().map(MessageObject::from).collect(),
        waiting: waiting.items.iter().map(MessageObject::from).collect(),
        events: locked.items.iter().map(EventObject::from).collect(),
    })
}
