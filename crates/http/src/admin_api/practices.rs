//! `GET /admin/v1/practices`, `GET /admin/v1/practices/{practice}/clients`

use asteroid_application::administration::Administration;
use asteroid_clients::{ClientFilter, ClientStatus, PracticeId, SearchPrefix};

use super::AdminApi;
use super::authorization::{Authorized, PracticesRead};
use super::listing::{self, Listing, QueryReader};
use super::segments::PracticeSegment;
use crate::admin::error::{AdminError, AdminResult};
use crate::admin::objects::{ClientObject, PracticeObject};
use crate::core::{ApiError, Endpoint, HttpContext};
use crate::practice_api::cursor;

pub(super) fn list_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_list_practices, list_practices::<D>)
}

pub(super) fn clients_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_list_clients, list_clients::<D>)
}

/// List Practices
///
/// The practices, by id.
#[utoipa::path(
    get, path = "/admin/v1/practices", tag = "Practices",
    params(
        ("limit" = Option<i64>, Query, description = "The most practices, 1 to 200; 50 by default"),
        ("cursor" = Option<String>, Query, description = "The `next` of an earlier page"),
    ),
    responses((status = 200, description = "The practices", body = Listing<PracticeObject>))
)]
async fn list_practices<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (_, mut query): (Authorized<PracticesRead>, QueryReader),
) -> AdminResult {
    let after = query.cursor(|text| text.parse().ok().map(PracticeId));
    let limit = query.limit();
    query.finish()?;
    let page = context.call(|api| api.administration.list_practices(after, limit)).await??;
    Ok(listing::answer::<PracticeObject, _>(
        context.request(),
        &page.items,
        page.next.map(|next| next.0.to_string()),
    ))
}

/// List Clients
///
/// The clients of a practice, by id within their source.
#[utoipa::path(
    get, path = "/admin/v1/practices/{practice}/clients", tag = "Practices",
    params(
        ("practice" = i64, Path, description = "The id of the practice"),
        ("search" = Option<String>, Query, description = "The beginning of a name, an e-mail address or a phone number"),
        ("status" = Option<String>, Query, description = "`active`, `inactive` or `deleted`; by default all but deleted ones"),
        ("limit" = Option<i64>, Query, description = "The most clients, 1 to 200; 50 by default"),
        ("cursor" = Option<String>, Query, description = "The `next` of an earlier page"),
    ),
    responses((status = 200, description = "The clients", body = Listing<ClientObject>))
)]
async fn list_clients<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (_, PracticeSegment(practice), mut query): (Authorized<PracticesRead>, PracticeSegment, QueryReader),
) -> AdminResult {
    let region = context.settings().default_region;
    let filter = ClientFilter {
        practice,
        status: query
            .read("status", "`active`, `inactive` or `deleted`", |text| text.parse::<ClientStatus>().ok()),
        updated_since: None,
        prefix: query.read("search", "1 to 100 characters without control characters", |text| {
            SearchPrefix::parse(text, region)
        }),
    };
    let after = query.cursor(cursor::decode);
    let limit = query.limit();
    query.finish()?;
    if context.call(|api| api.administration.find_practice(practice)).await??.is_none() {
        return Err(AdminError::from(ApiError::NotFound).into());
    }
    let page = context.call(|api| api.administration.list_clients(filter, after, limit)).await??;
    let next = page.next.as_ref().map(cursor::encode);
    Ok(listing::answer::<ClientObject, _>(context.request(), &page.items, next))
}
