//! `/admin/users`

use actix_web::HttpRequest;
use askama::Template;
use asteroid_application::administration::{Administration, ListUsersError};
use asteroid_clients::PracticeId;
use asteroid_identity::{UserFilter, UserSearch, UserStatus};

use super::session::{Visitor, query};
use super::{ConsoleAccounts, ConsoleContext, Frame, PAGE_LENGTH, PageError, PageResult, filters, show};
use crate::admin::next_page;
use crate::admin::objects::UserObject;

/// The conditions, as they were typed.
struct FilterFields {
    search: String,
    status: String,
    practice: String,
}

struct Results {
    users: Vec<UserObject>,
    /// The path of the next page.
    next: Option<String>,
    problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "console/users.html")]
struct UsersPage {
    frame: Frame,
    filter: FilterFields,
    users: Vec<UserObject>,
    next: Option<String>,
    problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "console/users_results.html")]
struct ResultsPart {
    users: Vec<UserObject>,
    next: Option<String>,
    problem: Option<&'static str>,
}

/// The page.
pub(super) async fn page<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let Results { users, next, problem } = found(&mut context).await?;
    let filter = FilterFields::of(context.request());
    show(&UsersPage { frame: visitor.frame(&context, "/admin/users"), filter, users, next, problem })
}

/// The results alone, for the script.
pub(super) async fn results<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    Visitor::of(&mut context).await?;
    let Results { users, next, problem } = found(&mut context).await?;
    show(&ResultsPart { users, next, problem })
}

impl FilterFields {
    fn of(request: &HttpRequest) -> Self {
        let field = |name| query(request, name).trim().to_owned();
        Self { search: field("search"), status: field("status"), practice: field("practice") }
    }
}

async fn found<A: ConsoleAccounts, D: Administration>(
    context: &mut ConsoleContext<A, D>,
) -> Result<Results, PageError> {
    let fields = FilterFields::of(context.request());
    let wrong = |problem| Ok(Results { users: Vec::new(), next: None, problem: Some(problem) });
    let mut filter = UserFilter::default();
    if !fields.search.is_empty() {
        match UserSearch::parse(&fields.search, context.settings().default_region) {
            None => return wrong("A search has 1 to 100 characters, and no control characters."),
            found => filter.search = found,
        }
    }
    if !fields.status.is_empty() {
        match UserStatus::parse(&fields.status) {
            None => return wrong("A status is enabled or disabled."),
            found => filter.status = found,
        }
    }
    if !fields.practice.is_empty() {
        match fields.practice.parse().map(PracticeId) {
            Err(_) => return wrong("A practice is named by its id."),
            Ok(PracticeId(practice)) => filter.practice = Some(practice),
        }
    }
    let cursor = query(context.request(), "cursor");
    let after = if cursor.is_empty() { None } else { cursor.parse().ok() };
    let listed =
        context.call(|console| console.administration.list_users(filter, after, PAGE_LENGTH)).await?;
    let page = match listed {
        Ok(page) => page,
        Err(ListUsersError::ForeignCursor) => {
            return wrong("This page belongs to another search: start again.");
        }
        Err(ListUsersError::Storage(error)) => return Err(error.into()),
    };
    let conditions = [("search", &fields.search), ("status", &fields.status), ("practice", &fields.practice)];
    let given = conditions.into_iter().filter(|(_, value)| !value.is_empty());
    let next = page.next.map(|next| next_page("/admin/users", given, &next.to_string()));
    Ok(Results { users: page.items.iter().map(UserObject::from).collect(), next, problem: None })
}
