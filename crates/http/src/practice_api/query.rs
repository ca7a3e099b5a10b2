//! Reads query strings.

use asteroid_clients::PracticeId;

use super::error::{ParamErrors, PracticeApiError, PracticeApiSurface, REPEATED};
use super::params::{ParamValue, Params};
use crate::core::openapi::{Description, SharedResponse};
use crate::core::{HttpContext, Input};

/// The parameter that names a practice.
pub(super) const PRACTICE_ID: &str = "practiceId";

/// One of the caller's practices, if the query string names one.
pub(super) struct PracticeQuery(pub(super) Option<PracticeId>);

impl<U: 'static> Input<PracticeApiSurface, U> for PracticeQuery {
    async fn extract(context: &mut HttpContext<U>) -> Result<Self, PracticeApiError> {
        let params = Params::of_query(context.request());
        let mut errors = ParamErrors::default();
        let practice = QueryReader::new(&params, &mut errors).practice();
        errors.none()?;
        Ok(Self(practice))
    }

    fn describe(description: &mut Description<'_, PracticeApiSurface>) {
        description.may_answer(SharedResponse::Invalid);
    }
}

/// Reads the parameters of a query string, and collects their errors.
pub(super) struct QueryReader<'a> {
    params: &'a Params,
    errors: &'a mut ParamErrors,
}

impl<'a> QueryReader<'a> {
    pub(super) fn new(params: &'a Params, errors: &'a mut ParamErrors) -> Self {
        Self { params, errors }
    }

    /// The practice, which is optional.
    pub(super) fn practice(&mut self) -> Option<PracticeId> {
        self.read(PRACTICE_ID, "must be the id of a practice", |text| {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_plain).map(PracticeId)
        })
    }

    /// An optional parameter. `rule` is the error of one that cannot be parsed.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        rule: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let (value, error) = match self.params.given(name) {
            ParamValue::Absent => return None,
            ParamValue::Text(text) => (parse(text), rule),
            ParamValue::Repeated => (None, REPEATED),
            // Bytes that are not UTF-8; the other values do not occur in a query string.
            ParamValue::Null | ParamValue::Truth(_) | ParamValue::Other => (None, rule),
        };
        if value.is_none() {
            self.errors.extend(name, [error]);
        }
        value
    }
}
