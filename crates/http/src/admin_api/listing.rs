//! Listings: the parameters of a query, and the pages of the answer.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, LINK};
use serde::Serialize;
use utoipa::ToSchema;

use crate::admin::error::{AdminError, AdminSurface, InvalidField};
use crate::admin::next_page;
use crate::core::openapi::{Description, SharedResponse};
use crate::core::{HttpContext, Input, json};

/// How many items a page has unless the query says so.
const DEFAULT_LIMIT: usize = 50;
/// The most items of a page.
pub(super) const MAX_LIMIT: usize = 200;

/// A page of a listing.
#[derive(Serialize, ToSchema)]
pub(super) struct Listing<T> {
    /// The items.
    pub(super) data: Vec<T>,
    /// The `cursor` of the next page; null on the last one. The `Link` field has the whole URL (RFC 8288).
    #[schema(required = true)]
    pub(super) next: Option<String>,
}

/// The parameters of a query string, and what is wrong with them.
pub(super) struct QueryReader {
    pairs: Vec<(String, String)>,
    errors: Vec<InvalidField>,
}

impl<U: 'static> Input<AdminSurface, U> for QueryReader {
    async fn extract(context: &mut HttpContext<U>) -> Result<Self, AdminError> {
        Ok(Self::of(context.request()))
    }

    fn describe(description: &mut Description<'_, AdminSurface>) {
        description.may_answer(SharedResponse::Invalid);
    }
}

impl QueryReader {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
        Self { pairs, errors: Vec::new() }
    }

    /// A parameter; [`None`] if it is absent or empty. `rule` is the error of one that cannot be parsed.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        rule: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let mut values = self.pairs.iter().filter(|(own, _)| own == name).map(|(_, value)| value);
        let value = match (values.next(), values.next()) {
            (None, _) => return None,
            (Some(value), None) if value.is_empty() => return None,
            (Some(value), None) => parse(value),
            (Some(_), Some(_)) => None,
        };
        if value.is_none() {
            self.errors
                .push(InvalidField { field: name.to_owned(), detail: format!("must be {rule}, once") });
        }
        value
    }

    /// The most items of the page.
    pub(super) fn limit(&mut self) -> usize {
        let limit = self.read("limit", "a number from 1 to 200", |text| {
            text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit))
        });
        limit.unwrap_or(DEFAULT_LIMIT)
    }

    /// Where the page starts.
    pub(super) fn cursor<C>(&mut self, parse: impl FnOnce(&str) -> Option<C>) -> Option<C> {
        self.read("cursor", "the `next` of an earlier page of this listing", parse)
    }

    /// Fails if a parameter was wrong.
    pub(super) fn finish(self) -> Result<(), AdminError> {
        if self.errors.is_empty() { Ok(()) } else { Err(AdminError::Invalid(self.errors)) }
    }
}

/// Answers a page. The next one, at this cursor, has the same query.
pub(super) fn answer<O, T>(request: &HttpRequest, items: &[T], next: Option<String>) -> HttpResponse
where
    O: Serialize + for<'t> From<&'t T>,
{
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        let kept = form_urlencoded::parse(request.query_string().as_bytes());
        let kept = kept.filter(|(name, _)| name != "cursor");
        let link = format!("<{}>; rel=\"next\"", next_page(request.path(), kept, next));
        if let Ok(link) = HeaderValue::try_from(link) {
            response.insert_header((LINK, link));
        }
    }
    json(response, &Listing { data: items.iter().map(O::from).collect::<Vec<_>>(), next })
}

/// Answers that there is nothing.
pub(super) fn empty<O: Serialize>() -> HttpResponse {
    json(HttpResponse::Ok(), &Listing::<O> { data: Vec::new(), next: None })
}
