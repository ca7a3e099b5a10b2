//! `GET /admin/v1/messages`, `POST /admin/v1/messages/{id}/retry`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use asteroid_application::RetryRefusal;
use asteroid_application::administration::Administration;
use asteroid_messaging::{Channel, OutboxFilter, OutboxStateKind};

use super::AdminApi;
use super::authorization::{Authorized, OutboxRead, OutboxWrite};
use super::listing::{self, Listing, QueryReader};
use super::segments::MessageSegment;
use crate::admin::error::{AdminError, AdminResult, Problem};
use crate::admin::objects::MessageObject;
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, HttpContext, OperationError};

pub(super) fn list_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_list_messages, list_messages::<D>)
}

pub(super) fn retry_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_retry_message, retry_message::<D>)
}

/// List Messages
///
/// The messages of the outbox, newest first: whether they were delivered, and why not. Their texts and codes are not stored.
#[utoipa::path(
    get, path = "/admin/v1/messages", tag = "Outbox",
    params(
        ("state" = Option<String>, Query, description = "`waiting`, `delivered` or `failed`"),
        ("channel" = Option<String>, Query, description = "`email` or `sms`"),
        ("limit" = Option<i64>, Query, description = "The most messages, 1 to 200; 50 by default"),
        ("cursor" = Option<String>, Query, description = "The `next` of an earlier page"),
    ),
    responses((status = 200, description = "The messages", body = Listing<MessageObject>))
)]
async fn list_messages<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (_, mut query): (Authorized<OutboxRead>, QueryReader),
) -> AdminResult {
    let filter = OutboxFilter {
        state: query.read("state", "`waiting`, `delivered` or `failed`", OutboxStateKind::parse),
        channel: query.read("channel", "`email` or `sms`", Channel::parse),
    };
    let before = query.cursor(|text| text.parse().ok());
    let limit = query.limit();
    query.finish()?;
    let page = context.call(|api| api.administration.list_messages(filter, before, limit)).await??;
    Ok(listing::answer::<MessageObject, _>(
        context.request(),
        &page.items,
        page.next.map(|next| next.to_string()),
    ))
}

/// Retry Message
///
/// Lets a failed message that has not expired wait again. A server delivers it within a second.
#[utoipa::path(
    post, path = "/admin/v1/messages/{id}/retry", tag = "Outbox",
    params(("id" = String, Path, description = "The id of the message", format = Uuid)),
    responses(
        (status = 204, description = "The message waits again"),
        (status = 409, description = "The message is not tried again", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn retry_message<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (caller, MessageSegment(message)): (Authorized<OutboxWrite>, MessageSegment),
) -> AdminResult<RetryRefusal> {
    let operator = caller.operator(&context);
    context.call(|api| api.administration.retry_message(message, operator)).await???;
    Ok(HttpResponse::NoContent().finish())
}

impl OperationError for RetryRefusal {
    const RESPONSES: &'static [SharedResponse] = &[];
}

impl From<RetryRefusal> for AdminError {
    fn from(refusal: RetryRefusal) -> Self {
        let code = match refusal {
            RetryRefusal::Unknown => return ApiError::NotFound.into(),
            RetryRefusal::Waiting => "MESSAGE_WAITING",
            RetryRefusal::Delivered => "MESSAGE_DELIVERED",
            RetryRefusal::Useless => "MESSAGE_EXPIRED",
            RetryRefusal::CodeGone => "CODE_GONE",
        };
        let detail = format!("The message is not tried again: {refusal}.");
        Self::Refused { status: StatusCode::CONFLICT, code, detail }
    }
}
