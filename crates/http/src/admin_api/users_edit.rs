//! `PATCH /admin/v1/users/{id}`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::IF_MATCH;
use asteroid_application::administration::{Administration, EditUserError, NameEdit};
use asteroid_identity::UserVersion;
use serde::Deserialize;
use utoipa::ToSchema;

use super::AdminApi;
use super::authorization::{Authorized, UsersWrite};
use super::body::{JsonBody, wrong_name};
use super::segments::UserSegment;
use super::users_show;
use crate::admin::error::{AdminError, AdminResult, Problem};
use crate::admin::objects::UserDetailsObject;
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, HttpContext, OperationError};

pub(super) fn endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_edit_user, edit_user::<D>)
}

/// The fields to change. One that is not given stays.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"last_name": "Washington"}))]
pub(super) struct EditUserBody {
    /// The first name; empty if unknown.
    first_name: Option<String>,
    /// The last name; empty if unknown.
    last_name: Option<String>,
}

/// Edit User
///
/// Changes a user's name. `If-Match` has the `ETag` of the user as the caller knows it, so that no edit of another operator is
/// overwritten unseen; `*` overwrites any.
#[utoipa::path(
    patch, path = "/admin/v1/users/{id}", tag = "Users",
    params(
        ("id" = i64, Path, description = "The id of the user"),
        ("If-Match" = String, Header, description = "The `ETag` of the user, or `*`"),
    ),
    request_body = EditUserBody,
    responses(
        (status = 200, description = "The changed user", body = UserDetailsObject, headers(
            ("ETag" = String, description = "The new version of the user")
        )),
        (status = 412, description = "The user was changed meanwhile", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing (RFC 6585)", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn edit_user<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (caller, UserSegment(user), JsonBody { body, .. }): (
        Authorized<UsersWrite>,
        UserSegment,
        JsonBody<EditUserBody>,
    ),
) -> AdminResult<EditUserError> {
    let expected = expected_version(&context)?;
    let EditUserBody { first_name, last_name } = body;
    if first_name.is_none() && last_name.is_none() {
        return Err(AdminError::invalid("first_name", "must be given, or `last_name`").into());
    }
    let name = NameEdit::parse(first_name.as_deref(), last_name.as_deref());
    let name = name.map_err(|_| {
        let (first, last) = (first_name.as_deref(), last_name.as_deref());
        AdminError::Invalid(wrong_name(first.unwrap_or_default(), last.unwrap_or_default()))
    })?;
    let operator = caller.operator(&context);
    let edited =
        context.call(|api| api.administration.rename_user(user.into(), name, expected, operator)).await??;
    if edited.is_none() {
        return Err(AdminError::from(ApiError::NotFound).into());
    }
    let details = users_show::details(&mut context, user).await?;
    Ok(users_show::answer(HttpResponse::Ok(), &details))
}

/// The version that `If-Match` names; [`None`] for `*`. Anything else names no version.
fn expected_version<U: 'static>(context: &HttpContext<U>) -> Result<Option<UserVersion>, AdminError> {
    let mut fields = context.request().headers().get_all(IF_MATCH);
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return Err(AdminError::Refused {
            status: StatusCode::PRECONDITION_REQUIRED,
            code: "IF_MATCH_REQUIRED",
            detail: "The If-Match field must have the ETag of the user, once.".to_owned(),
        });
    };
    let text = field.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    tag.and_then(UserVersion::parse).map(Some).ok_or_else(|| EditUserError::Stale.into())
}

impl OperationError for EditUserError {
    const RESPONSES: &'static [SharedResponse] = &[];
}

impl From<EditUserError> for AdminError {
    fn from(error: EditUserError) -> Self {
        match error {
            EditUserError::Stale => Self::Refused {
                status: StatusCode::PRECONDITION_FAILED,
                code: "STALE",
                detail: "The user was changed meanwhile: read it again.".to_owned(),
            },
            EditUserError::Storage(error) => error.into(),
        }
    }
}
