//! `/admin/outbox`

use askama::Template;
use asteroid_application::RetryRefusal;
use asteroid_application::administration::Administration;
use asteroid_kernel::MessageId;
use asteroid_messaging::{Channel, OutboxFilter, OutboxStateKind};

use super::session::{Visitor, query};
use super::{ConsoleAccounts, ConsoleContext, Frame, PAGE_LENGTH, PageError, PageResult, filters, show};
use crate::admin::next_page;
use crate::admin::objects::MessageObject;
use crate::core::ApiError;

struct FilterFields {
    state: String,
    channel: String,
}

#[derive(Template)]
#[template(path = "console/outbox.html")]
struct OutboxPage {
    frame: Frame,
    filter: FilterFields,
    states: Vec<&'static str>,
    channels: Vec<&'static str>,
    messages: Vec<MessageObject>,
    next: Option<String>,
    problem: Option<String>,
}

/// The page.
pub(super) async fn page<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    show_outbox(&mut context, &visitor, None).await
}

async fn show_outbox<A: ConsoleAccounts, D: Administration>(
    context: &mut ConsoleContext<A, D>,
    visitor: &Visitor,
    problem: Option<String>,
) -> PageResult {
    let field = |name| query(context.request(), name);
    let filter = FilterFields { state: field("state"), channel: field("channel") };
    let before: Option<MessageId> = field("cursor").parse().ok();
    let wanted = OutboxFilter {
        state: OutboxStateKind::parse(&filter.state),
        channel: Channel::parse(&filter.channel),
    };
    let page =
        context.call(|console| console.administration.list_messages(wanted, before, PAGE_LENGTH)).await??;
    let conditions = [("state", &filter.state), ("channel", &filter.channel)];
    let next = page.next.map(|next| next_page("/admin/outbox", conditions, &next.to_string()));
    show(&OutboxPage {
        frame: visitor.frame(context, "/admin/outbox"),
        filter,
        states: OutboxStateKind::ALL.map(OutboxStateKind::as_str).into(),
        channels: Channel::ALL.map(Channel::as_str).into(),
        messages: page.items.iter().map(MessageObject::from).collect(),
        next,
        problem,
    })
}

/// Lets a failed message wait again.
pub(super) async fn retry<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    visitor.form(&mut context).await?;
    let message: MessageId = context.segment("id").parse().map_err(|_| ApiError::NotFound)?;
    let operator = visitor.operator(&context);
    match context.call(|console| console.administration.retry_message(message, operator)).await?? {
        Ok(()) => Err(PageError::SeeOther("/admin/outbox?done=retry".to_owned())),
        Err(RetryRefusal::Unknown) => Err(ApiError::NotFound.into()),
        Err(refusal) => {
            let problem = format!("The message is not tried again: {refusal}.");
            show_outbox(&mut context, &visitor, Some(problem)).await
        }
    }
}
