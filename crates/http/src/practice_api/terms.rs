//! `GET /terms` and `POST /terms`

use asteroid_application::ports::Caller;
use asteroid_application::ports::practice::TermsStatus;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::body::ParamsBody;
use super::error::{InvalidReply, ParamErrors, PracticeApiError, PracticeApiResult, REPEATED, ok};
use super::params::{ParamValue, Params};
use super::{AccountUseCases, PracticeContext, PracticeUseCases};
use crate::HttpSettings;
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, OperationError};

const MUST_BE_ACCEPTED: &str = "must be accepted";

pub(super) fn show_endpoint<A: AccountUseCases, P: PracticeUseCases>() -> Endpoint {
    Endpoint::new(__path_show_terms, show_terms::<A, P>)
}

pub(super) fn accept_endpoint<A: AccountUseCases, P: PracticeUseCases>() -> Endpoint {
    Endpoint::new(__path_accept_terms, accept_terms::<A, P>)
}

/// Terms
///
/// The terms in force, and whether the user accepted them.
#[utoipa::path(
    get, path = "/terms", tag = "Terms",
    responses((status = 200, description = "The terms", body = TermsReply))
)]
async fn show_terms<A: AccountUseCases, P: PracticeUseCases>(
    mut context: PracticeContext<A, P>,
    caller: Caller,
) -> PracticeApiResult<ShowTermsError> {
    let status = context.call(|ports| ports.practices.terms_status(caller)).await??;
    Ok(ok(&TermsReply::from(status.ok_or(ShowTermsError::NoTerms)?)))
}

enum ShowTermsError {
    /// No terms are published.
    NoTerms,
}

impl OperationError for ShowTermsError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::NotFound];
}

impl From<ShowTermsError> for PracticeApiError {
    fn from(error: ShowTermsError) -> Self {
        match error {
            ShowTermsError::NoTerms => ApiError::NotFound.into(),
        }
    }
}

struct AcceptTermsBody;

impl AcceptTermsBody {
    /// The texts that say yes, in any case.
    const YES: [&str; 5] = ["true", "1", "t", "yes", "on"];
}

impl ParamsBody for AcceptTermsBody {
    const JSON_NAME: &'static str = "AcceptTermsBody";
    const FORM_NAME: &'static str = "AcceptTermsForm";

    fn schema() -> Object {
        let accept = ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .description(Some("Accept terms for user."))
            .default(Some(true.into()));
        ObjectBuilder::new()
            .description(Some("A request to accept the terms."))
            .property("terms", ObjectBuilder::new().property("accept", accept))
            .build()
    }

    fn example() -> Value {
        json!({"terms": {"accept": true}})
    }

    /// An acceptance is a legal act. No parameter accepts, as documented; but a parameter that is sent must be a clear
    /// yes. A list is not, and neither is a text in place of the group.
    fn read(params: &Params, _: &HttpSettings) -> Result<Self, PracticeApiError> {
        let is_yes = |text: &str| Self::YES.iter().any(|yes| yes.eq_ignore_ascii_case(text));
        let error = match (params.given("terms"), params.given("terms[accept]")) {
            _ if params.has_below("terms[accept]") => MUST_BE_ACCEPTED,
            (ParamValue::Absent | ParamValue::Null, ParamValue::Absent | ParamValue::Truth(true)) => {
                return Ok(Self);
            }
            (ParamValue::Absent | ParamValue::Null, ParamValue::Text(text)) if is_yes(text) => {
                return Ok(Self);
            }
            (_, ParamValue::Repeated) => REPEATED,
            (
                _,
                ParamValue::Absent
                | ParamValue::Null
                | ParamValue::Text(_)
                | ParamValue::Truth(_)
                | ParamValue::Other,
            ) => MUST_BE_ACCEPTED,
        };
        Err(PracticeApiError::Invalid(ParamErrors::of("accept", error)))
    }
}

/// Accept Terms for API use
///
/// Accept terms and conditions so the user can access a greater number of API endpoints. Accepting again changes
/// nothing.
#[utoipa::path(
    post, path = "/terms", tag = "Terms",
    params(("terms[accept]" = Option<bool>, Query, description = "Accept terms for user; true if not given.")),
    responses(
        (status = 200, description = "They are accepted", body = SuccessReply),
        (status = 422, description = "They are not", body = InvalidReply,
            example = json!({"errors": {"accept": ["must be accepted"]}})),
    )
)]
async fn accept_terms<A: AccountUseCases, P: PracticeUseCases>(
    mut context: PracticeContext<A, P>,
    (caller, AcceptTermsBody): (Caller, AcceptTermsBody),
) -> PracticeApiResult {
    let origin = context.origin();
    context.call(|ports| ports.practices.accept_terms(caller, origin)).await??;
    Ok(ok(&SuccessReply::DONE))
}

/// The request was carried out.
#[derive(Serialize, ToSchema)]
struct SuccessReply {
    #[schema(example = "success")]
    success: &'static str,
}

impl SuccessReply {
    const DONE: Self = Self { success: "success" };
}

/// The terms in force.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TermsReply {
    /// What the version is called.
    #[schema(example = "2026-11")]
    version: String,
    /// What is accepted.
    #[schema(example = "By using this service you agree to …")]
    text: String,
    /// When the version was published.
    #[schema(format = DateTime, example = "2022-12-01T15:50:30.000Z")]
    published_at: String,
    /// When the user accepted it.
    #[schema(required = true, format = DateTime, example = "2022-12-01T15:50:30.000Z")]
    accepted_at: Option<String>,
}

impl From<TermsStatus> for TermsReply {
    fn from(TermsStatus { current, accepted_at }: TermsStatus) -> Self {
        Self {
            version: current.label.to_string(),
            text: current.text,
            published_at: current.published_at.to_string(),
            accepted_at: accepted_at.map(|time| time.to_string()),
        }
    }
}
