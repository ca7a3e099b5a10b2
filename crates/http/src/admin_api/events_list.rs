//! `GET /admin/v1/events`

use asteroid_application::administration::{Administration, UserReference};
use asteroid_audit::{Action, AuditFilter, Outcome};
use asteroid_kernel::Timestamp;

use super::AdminApi;
use super::authorization::{AuditRead, Authorized};
use super::listing::{self, Listing, QueryReader};
use crate::admin::error::AdminResult;
use crate::admin::objects::EventObject;
use crate::core::{Endpoint, HttpContext};

pub(super) fn endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_list_events, list_events::<D>)
}

/// List Events
///
/// The events of the audit trail, newest first. An event that is recorded meanwhile does not move the others. Contacts are masked.
#[utoipa::path(
    get, path = "/admin/v1/events", tag = "Audit trail",
    params(
        ("user" = Option<String>, Query, description = "Only events that concern this user: an id, or any contact of a user"),
        ("action" = Option<String>, Query, description = "Only events of this action, such as `sign_in`"),
        ("outcome" = Option<String>, Query, description = "`done`, `refused` or `limited`"),
        ("ip" = Option<String>, Query, description = "Only events of requests from this address"),
        ("since" = Option<String>, Query, description = "Only events at this time or later (RFC 3339)"),
        ("until" = Option<String>, Query, description = "Only events before this time (RFC 3339)"),
        ("limit" = Option<i64>, Query, description = "The most events, 1 to 200; 50 by default"),
        ("cursor" = Option<String>, Query, description = "The `next` of an earlier page"),
    ),
    responses((status = 200, description = "The events", body = Listing<EventObject>))
)]
async fn list_events<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (_, mut query): (Authorized<AuditRead>, QueryReader),
) -> AdminResult {
    let region = context.settings().default_region;
    let user = query.read("user", "an id, an e-mail address or a phone number", |text| {
        UserReference::parse(text, region).ok()
    });
    let mut filter = AuditFilter {
        user: None,
        action: query.read("action", "the name of an action", Action::parse),
        outcome: query.read("outcome", "`done`, `refused` or `limited`", Outcome::parse),
        ip: query.read("ip", "an address", |text| text.parse().ok()),
        since: query.read("since", "a time (RFC 3339)", Timestamp::parse),
        until: query.read("until", "a time (RFC 3339)", Timestamp::parse),
    };
    let before = query.cursor(|text| text.parse().ok());
    let limit = query.limit();
    query.finish()?;
    if let Some(user) = user {
        match context.call(|api| api.administration.find_subject(user)).await?? {
            Some(user) => filter.user = Some(user),
            None => return Ok(listing::empty::<EventObject>()),
        }
    }
    let page = context.call(|api| api.administration.list_events(filter, before, limit)).await??;
    Ok(listing::answer::<EventObject, _>(
        context.request(),
        &page.items,
        page.next.map(|next| next.to_string()),
    ))
}
