//! `GET /admin/v1/users`

use asteroid_application::administration::{Administration, ListUsersError};
use asteroid_identity::{UserFilter, UserSearch, UserStatus};

use super::AdminApi;
use super::authorization::{Authorized, UsersRead};
use super::listing::{self, Listing, QueryReader};
use crate::admin::error::{AdminError, AdminResult};
use crate::admin::objects::UserObject;
use crate::core::openapi::SharedResponse;
use crate::core::{Endpoint, HttpContext, OperationError};

pub(super) fn endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_list_users, list_users::<D>)
}

/// List Users
///
/// The users, newest first; a search lists them in the order of what it finds. A user who is created or changed meanwhile does
/// not move the others.
#[utoipa::path(
    get, path = "/admin/v1/users", tag = "Users",
    params(
        ("search" = Option<String>, Query, description = "A name from its first or its last part on, a contact from its beginning on, or an id"),
        ("status" = Option<String>, Query, description = "`enabled` or `disabled`"),
        ("practice" = Option<i64>, Query, description = "Only members of the practice with this id"),
        ("limit" = Option<i64>, Query, description = "The most users, 1 to 200; 50 by default"),
        ("cursor" = Option<String>, Query, description = "The `next` of an earlier page"),
    ),
    responses((status = 200, description = "The users", body = Listing<UserObject>))
)]
async fn list_users<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (_, mut query): (Authorized<UsersRead>, QueryReader),
) -> AdminResult<ListUsersError> {
    let region = context.settings().default_region;
    let filter = UserFilter {
        search: query.read("search", "1 to 100 characters without control characters", |text| {
            UserSearch::parse(text, region)
        }),
        practice: query.read("practice", "the id of a practice", |text| text.parse().ok()),
        status: query.read("status", "`enabled` or `disabled`", UserStatus::parse),
    };
    let after = query.cursor(|text| text.parse().ok());
    let limit = query.limit();
    query.finish()?;
    let page = context.call(|api| api.administration.list_users(filter, after, limit)).await??;
    Ok(listing::answer::<UserObject, _>(
        context.request(),
        &page.items,
        page.next.map(|next| next.to_string()),
    ))
}

impl OperationError for ListUsersError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::Invalid];
}

impl From<ListUsersError> for AdminError {
    fn from(error: ListUsersError) -> Self {
        match error {
            ListUsersError::ForeignCursor => {
                Self::invalid("cursor", "is of a listing with other conditions: start again without it")
            }
            ListUsersError::Storage(error) => error.into(),
        }
    }
}
