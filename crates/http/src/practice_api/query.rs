//! What is asked of the list of clients.

use actix_web::HttpRequest;
use asteroid_application::ports::practice::ClientQuery;
use asteroid_clients::{ClientKey, PracticeId, SearchPrefix};
use asteroid_kernel::{Region, Timestamp};

use super::bodies::REPEATED;
use super::cursor;
use super::error::{ParamErrors, PracticeApiError};
use super::params::{ParamValue, Params};

/// The parameter that names a practice.
pub(super) const PRACTICE: &str = "practiceId";

/// The most clients of one page.
pub(super) const MAX_LIMIT: usize = 1000;

/// Which clients are wanted, and how many of them.
pub(super) struct ListQuery {
    /// Which.
    pub(super) wanted: ClientQuery,
    /// Those behind this one.
    pub(super) after: Option<ClientKey>,
    /// At most so many, as one page; none: all there are.
    pub(super) limit: Option<usize>,
}

impl ListQuery {
    /// Reads the query string, and says all that is wrong with it.
    pub(super) fn read(request: &HttpRequest, default_region: Region) -> Result<Self, PracticeApiError> {
        let params = Params::of_query(request);
        let mut errors = ParamErrors::default();
        let mut query = Reader { params: &params, errors: &mut errors };
        let query = Self {
            limit: query.read("limit", "must be a whole number from 1 to 1000", limit),
            after: query.read("after", "must be a cursor that an earlier answer gave", cursor::decode),
            wanted: ClientQuery {
                practice: query.practice(),
                status: query.read("status", "must be active, inactive or deleted", |text| text.parse().ok()),
                updated_since: query.read(
                    "updatedSince",
                    "must be a time of the form 2022-12-01T15:50:30.000Z",
                    Timestamp::parse,
                ),
                prefix: query.read(
                    "q",
                    "must have from 1 to 100 characters, none of them a control character",
                    |text| SearchPrefix::parse(text, default_region),
                ),
            },
        };
        errors.none()?;
        Ok(query)
    }
}

/// The practice that is asked for, of the caller's own.
pub(super) fn practice(request: &HttpRequest) -> Result<Option<PracticeId>, PracticeApiError> {
    let params = Params::of_query(request);
    let mut errors = ParamErrors::default();
    let practice = Reader { params: &params, errors: &mut errors }.practice();
    errors.none()?;
    Ok(practice)
}

struct Reader<'a> {
    params: &'a Params,
    errors: &'a mut ParamErrors,
}

impl Reader<'_> {
    fn practice(&mut self) -> Option<PracticeId> {
        self.read(PRACTICE, "must be the id of a practice", |text| {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_plain).map(PracticeId)
        })
    }

    /// A parameter that need not be there; `rule` is what is said if it is there and cannot be read.
    fn read<T>(
        &mut self,
        name: &'static str,
        rule: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let (value, error) = match self.params.given(name) {
            ParamValue::Absent => return None,
            ParamValue::Text(text) => (parse(text), rule),
            ParamValue::Repeated => (None, REPEATED),
            // Bytes that are no text; a query string holds nothing else.
            ParamValue::Null | ParamValue::Truth(_) | ParamValue::Other => (None, rule),
        };
        if value.is_none() {
            self.errors.extend(name, [error]);
        }
        value
    }
}

fn limit(text: &str) -> Option<usize> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = text.parse().ok().filter(|_| is_plain);
    limit.filter(|limit| (1..=MAX_LIMIT).contains(limit))
}

/// Where the page behind this client is: the same request, from there on. Nothing in it comes from `Host`.
pub(super) fn next_page(request: &HttpRequest, last: &ClientKey) -> String {
    let others =
        form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "after");
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(others)
        .append_pair("after", &cursor::encode(last))
        .finish();
    format!("{}?{query}", request.path())
}
