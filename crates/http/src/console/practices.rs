//! `/admin/practices`, `/admin/practices/{id}`

use askama::Template;
use asteroid_application::administration::Administration;
use asteroid_clients::{ClientFilter, ClientKey, PracticeId, SearchPrefix};

use super::session::{Visitor, query};
use super::{ConsoleAccounts, ConsoleContext, Frame, PAGE_LENGTH, PageResult, filters, show};
use crate::admin::next_page;
use crate::admin::objects::{ClientObject, PracticeObject};
use crate::core::ApiError;
use crate::practice_api::cursor;

#[derive(Template)]
#[template(path = "console/practices.html")]
struct PracticesPage {
    frame: Frame,
    practices: Vec<PracticeObject>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "console/practice.html")]
struct PracticePage {
    frame: Frame,
    practice: PracticeObject,
    search: String,
    clients: Vec<ClientObject>,
    next: Option<String>,
    problem: Option<&'static str>,
}

/// All practices.
pub(super) async fn page<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let after = query(context.request(), "cursor").parse().ok().map(PracticeId);
    let page = context.call(|console| console.administration.list_practices(after, PAGE_LENGTH)).await??;
    let conditions: [(&str, &str); 0] = [];
    let next = page.next.map(|next| next_page("/admin/practices", conditions, &next.0.to_string()));
    show(&PracticesPage {
        frame: visitor.frame(&context, "/admin/practices"),
        practices: page.items.iter().map(PracticeObject::from).collect(),
        next,
    })
}

/// A practice with its clients.
pub(super) async fn practice<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let id = PracticeId(context.segment("id").parse().map_err(|_| ApiError::NotFound)?);
    let practice = context.call(|console| console.administration.find_practice(id)).await??;
    let practice = PracticeObject::from(&practice.ok_or(ApiError::NotFound)?);
    let search = query(context.request(), "search").trim().to_owned();
    let prefix = SearchPrefix::parse(&search, context.settings().default_region);
    let is_wrong = prefix.is_none() && !search.is_empty();
    let after: Option<ClientKey> = cursor::decode(&query(context.request(), "cursor"));
    let filter = ClientFilter { practice: id, status: None, updated_since: None, prefix };
    let (mut clients, mut next) = (Vec::new(), None);
    if !is_wrong {
        let page =
            context.call(|console| console.administration.list_clients(filter, after, PAGE_LENGTH)).await??;
        let path = format!("/admin/practices/{}", id.0);
        next = page.next.map(|next| next_page(&path, [("search", &search)], &cursor::encode(&next)));
        clients = page.items.iter().map(ClientObject::from).collect();
    }
    let problem = is_wrong.then_some("A search has 1 to 100 characters, and no control characters.");
    let frame = visitor.frame(&context, "/admin/practices");
    show(&PracticePage { frame, practice, search, clients, next, problem })
}
