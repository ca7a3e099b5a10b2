//! `GET /admin/v1/terms`, `POST /admin/v1/terms`, `GET /admin/v1/terms/{version}/acceptances`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use asteroid_application::PublishTermsError;
use asteroid_application::administration::Administration;
use asteroid_kernel::UserId;
use asteroid_terms::VersionLabel;
use serde::Deserialize;
use utoipa::ToSchema;

use super::AdminApi;
use super::authorization::{Authorized, TermsRead, TermsWrite};
use super::body::JsonBody;
use super::listing::{self, Listing, QueryReader};
use super::segments::VersionSegment;
use crate::admin::error::{AdminError, AdminResult, Problem};
use crate::admin::objects::{TermsVersionObject, UserAcceptanceObject};
use crate::core::openapi::SharedResponse;
use crate::core::{Endpoint, HttpContext, OperationError};

pub(super) fn list_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_list_terms, list_terms::<D>)
}

pub(super) fn publish_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_publish_terms, publish_terms::<D>)
}

pub(super) fn acceptances_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_list_acceptances, list_acceptances::<D>)
}

/// A version of the terms to publish.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"version": "2026-11", "text": "Be kind.", "confirm": "2026-11"}))]
pub(super) struct PublishTermsBody {
    /// The name, which no version may have.
    version: String,
    /// The text.
    text: String,
    /// The name once more, because a publication cannot be taken back.
    confirm: String,
}

/// List Terms
///
/// Every version of the terms, latest first: the first one is in force.
#[utoipa::path(
    get, path = "/admin/v1/terms", tag = "Terms",
    responses((status = 200, description = "The versions", body = Listing<TermsVersionObject>))
)]
async fn list_terms<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    _: Authorized<TermsRead>,
) -> AdminResult {
    let versions = context.call(|api| api.administration.list_terms()).await??;
    Ok(listing::answer::<TermsVersionObject, _>(context.request(), &versions, None))
}

/// Publish Terms
///
/// Publishes a version of the terms. It is in force at once, and every user has to accept it before seeing records again. It
/// cannot be changed or taken back.
#[utoipa::path(
    post, path = "/admin/v1/terms", tag = "Terms",
    request_body = PublishTermsBody,
    responses(
        (status = 204, description = "The version is in force"),
        (status = 409, description = "A version has this name", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn publish_terms<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (caller, JsonBody { body, .. }): (Authorized<TermsWrite>, JsonBody<PublishTermsBody>),
) -> AdminResult<PublishTermsError> {
    let PublishTermsBody { version, text, confirm } = body;
    if version != confirm {
        return Err(AdminError::invalid("confirm", "must be the name of the version once more").into());
    }
    let label =
        VersionLabel::parse(&version).map_err(|error| AdminError::invalid("version", error.to_string()))?;
    let operator = caller.operator(&context);
    context.call(|api| api.administration.publish_terms(label, text, operator)).await??;
    Ok(HttpResponse::NoContent().finish())
}

impl OperationError for PublishTermsError {
    const RESPONSES: &'static [SharedResponse] = &[];
}

impl From<PublishTermsError> for AdminError {
    fn from(error: PublishTermsError) -> Self {
        match error {
            PublishTermsError::Invalid(error) => Self::invalid("text", error.to_string()),
            PublishTermsError::Taken(error) => Self::Refused {
                status: StatusCode::CONFLICT,
                code: "VERSION_TAKEN",
                detail: format!("The version is not published: {error}."),
            },
            PublishTermsError::Storage(error) => error.into(),
        }
    }
}

/// List Acceptances
///
/// Who accepted a version of the terms, by the ids of the users.
#[utoipa::path(
    get, path = "/admin/v1/terms/{version}/acceptances", tag = "Terms",
    params(
        ("version" = String, Path, description = "The name of the version"),
        ("limit" = Option<i64>, Query, description = "The most acceptances, 1 to 200; 50 by default"),
        ("cursor" = Option<String>, Query, description = "The `next` of an earlier page"),
    ),
    responses((status = 200, description = "The acceptances", body = Listing<UserAcceptanceObject>))
)]
async fn list_acceptances<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (_, VersionSegment(version), mut query): (Authorized<TermsRead>, VersionSegment, QueryReader),
) -> AdminResult {
    let after = query.cursor(|text| text.parse().ok().map(UserId));
    let limit = query.limit();
    query.finish()?;
    let page = context.call(|api| api.administration.list_acceptances(version, after, limit)).await??;
    let next = page.next.map(|next| next.to_string());
    Ok(listing::answer::<UserAcceptanceObject, _>(context.request(), &page.items, next))
}
