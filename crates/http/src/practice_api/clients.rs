//! `GET /clients`

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, LINK};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use asteroid_application::practice::{
    ClientListing, ClientQuery, Clients, ClientsError, ClientsSeen, TermsAccepted,
};
use asteroid_clients::{ClientKey, SearchPrefix};
use asteroid_kernel::{Region, Timestamp, UserId};
use futures_util::stream;

use super::client_reply::ClientsReply;
use super::client_stream::{self, ClientSource, PAGE_SIZE, StreamAborted};
use super::cursor;
use super::error::{AccessError, ParamErrors, PracticeApiError, PracticeApiResult, PracticeApiSurface, ok};
use super::params::Params;
use super::query::QueryReader;
use super::{AccountUseCases, PracticeContext, PracticeUseCases};
use crate::core::openapi::{Description, SharedResponse};
use crate::core::{ApiError, Endpoint, HttpContext, Input, NoStreamSlot, OperationError};

/// The largest page.
const MAX_LIMIT: usize = 1000;

pub(super) fn endpoint<A: AccountUseCases, P: PracticeUseCases>() -> Endpoint {
    Endpoint::new(__path_list_clients, list_clients::<A, P>)
}

/// Get All Clients
///
/// A user who is a client sees that client alone. The practice's staff sees all clients of the practice, as an array
/// ordered by their ids within each source; deleted clients only with `status` or `updatedSince`.
///
/// **Must accept terms before using this endpoint.**
#[utoipa::path(
    get, path = "/clients", tag = "Clients",
    params(
        ("practiceId" = Option<i64>, Query,
            description = "Clients of this one of the user's practices; of the one that the user was first in if not given."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000,
            description = "The page size; without it, all clients are answered. The `Link` field leads to the next page."),
        ("after" = Option<String>, Query, description = "The cursor after the last client of the previous page."),
        ("status" = Option<String>, Query, pattern = "^(active|inactive|deleted)$",
            description = "Clients with this status: `active`, `inactive` or `deleted`."),
        ("updatedSince" = Option<String>, Query, format = DateTime,
            description = "Clients that changed at this time or later, including deleted ones."),
        ("q" = Option<String>, Query, min_length = 1, max_length = 100,
            description = "Clients whose name, email address or phone number begins with this text. Phone numbers match with \
                or without the calling code, in any notation."),
    ),
    responses(
        (status = 200, description = "A client to itself, or all to the staff", body = ClientsReply<'_>,
            headers(("Link" = String, description = "The next page (RFC 8288), if there is one"))),
    )
)]
async fn list_clients<A: AccountUseCases, P: PracticeUseCases>(
    mut context: PracticeContext<A, P>,
    (proof, query): (TermsAccepted, ListQuery),
) -> PracticeApiResult<ListClientsError> {
    let ListQuery { listing, after, limit } = query;
    let seen = context.call(|ports| ports.practices.look_at_clients(proof, listing)).await?;
    let seen = seen.map_err(ListClientsError::Clients)?;
    match (seen, limit) {
        (ClientsSeen::Own(client), _) => Ok(ok(&ClientsReply::own(&client))),
        (ClientsSeen::All(listing), Some(limit)) => page(context, listing, after, limit).await,
        (ClientsSeen::All(listing), None) => all(context, proof.caller().user, listing, after).await,
    }
}

/// One page, with a link to the next one.
async fn page<A: 'static, P: Clients>(
    mut context: PracticeContext<A, P>,
    listing: ClientListing,
    after: Option<ClientKey>,
    limit: usize,
) -> PracticeApiResult<ListClientsError> {
    // One more, to know whether there is a next page.
    let asked = limit + 1;
    let mut clients = context.call(|ports| ports.practices.next_clients(listing, after, asked)).await??;
    let is_last = clients.len() <= limit;
    clients.truncate(limit);
    let mut response = ok(&ClientsReply::all(&clients));
    if let Some(last) = clients.last().filter(|_| !is_last) {
        let link = format!("<{}>; rel=\"next\"", next_page(context.request(), &last.record.key));
        let link = link.parse().expect("a path and a query are visible ASCII characters");
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// All clients. An error of the first page is answered; a later one aborts the answer.
async fn all<A: 'static, P: Clients>(
    mut context: PracticeContext<A, P>,
    user: UserId,
    listing: ClientListing,
    after: Option<ClientKey>,
) -> PracticeApiResult<ListClientsError> {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, "application/json; charset=utf-8"));
    // Read no clients for a body that is not sent.
    if context.request().method() == Method::HEAD {
        return Ok(response.streaming(stream::empty::<Result<Bytes, StreamAborted>>()));
    }
    let slot = context.use_cases().streams.take(user).map_err(ListClientsError::Streams)?;
    let wanted = listing.clone();
    let first = context.call(|ports| ports.practices.next_clients(wanted, after, PAGE_SIZE)).await??;
    let practices = Arc::clone(&context.use_cases().practices);
    let source =
        ClientSource { practices, listing, timeout: context.settings().handler_timeout, _slot: slot };
    Ok(response.streaming(client_stream::write(source, first)))
}

/// The query string.
struct ListQuery {
    listing: ClientQuery,
    /// The last client of the previous page.
    after: Option<ClientKey>,
    /// The page size; [`None`] for all clients.
    limit: Option<usize>,
}

impl ListQuery {
    /// Reads the query string, with all of its errors.
    fn read(request: &HttpRequest, default_region: Region) -> Result<Self, PracticeApiError> {
        let params = Params::of_query(request);
        let mut errors = ParamErrors::default();
        let mut query = QueryReader::new(&params, &mut errors);
        let query = Self {
            limit: query.read("limit", format!("must be a whole number from 1 to {MAX_LIMIT}"), limit),
            after: query.read("after", "must be a cursor that an earlier answer gave", cursor::decode),
            listing: ClientQuery {
                practice: query.practice(),
                status: query.read("status", "must be active, inactive or deleted", |text| text.parse().ok()),
                updated_since: query.read(
                    "updatedSince",
                    "must be a time of the form 2022-12-01T15:50:30.000Z",
                    Timestamp::parse,
                ),
                prefix: query.read(
                    "q",
                    format!(
                        "must have from 1 to {} characters, none of them a control character",
                        SearchPrefix::MAX_CHARS
                    ),
                    |text| SearchPrefix::parse(text, default_region),
                ),
            },
        };
        errors.none()?;
        Ok(query)
    }
}

fn limit(text: &str) -> Option<usize> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = text.parse().ok().filter(|_| is_plain);
    limit.filter(|limit| (1..=MAX_LIMIT).contains(limit))
}

impl<U: 'static> Input<PracticeApiSurface, U> for ListQuery {
    async fn extract(context: &mut HttpContext<U>) -> Result<Self, PracticeApiError> {
        Self::read(context.request(), context.settings().default_region)
    }

    fn describe(description: &mut Description<'_, PracticeApiSurface>) {
        description.may_answer(SharedResponse::Invalid);
    }
}

/// The path of the page after this client: the same request with another cursor. It does not depend on `Host`.
fn next_page(request: &HttpRequest, last: &ClientKey) -> String {
    let others =
        form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "after");
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(others)
        .append_pair("after", &cursor::encode(last))
        .finish();
    format!("{}?{query}", request.path())
}

/// Why the list fails.
enum ListClientsError {
    Clients(ClientsError),
    Streams(NoStreamSlot),
}

impl OperationError for ListClientsError {
    const RESPONSES: &'static [SharedResponse] =
        &[SharedResponse::Forbidden, SharedResponse::NotFound, SharedResponse::TooManyRequests];
}

impl From<ListClientsError> for PracticeApiError {
    fn from(error: ListClientsError) -> Self {
        match error {
            ListClientsError::Clients(error) => error.into(),
            ListClientsError::Streams(reason) => Self::ApiError(reason.into()),
        }
    }
}

impl OperationError for ClientsError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::Forbidden, SharedResponse::NotFound];
}

impl From<ClientsError> for PracticeApiError {
    fn from(error: ClientsError) -> Self {
        match error {
            ClientsError::Forbidden => Self::Refused(AccessError::Role),
            ClientsError::NotFound => Self::ApiError(ApiError::NotFound),
            ClientsError::Storage(error) => error.into(),
        }
    }
}
