//! `GET /admin/v1/users/{id}`, `GET /admin/v1/users/{id}/export`

use actix_web::HttpResponse;
use actix_web::http::header::{ETAG, HeaderValue};
use asteroid_application::administration::{Administration, UserDetails};
use asteroid_kernel::UserId;

use super::AdminApi;
use super::authorization::{Authorized, UsersRead};
use super::segments::{UserSegment, found};
use crate::admin::error::{AdminError, AdminResult};
use crate::admin::objects::{UserDetailsObject, UserExportObject};
use crate::core::{Endpoint, HttpContext, json};

pub(super) fn endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_show_user, show_user::<D>)
}

pub(super) fn export_endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_export_user, export_user::<D>)
}

/// Show User
///
/// A user with memberships, live sessions, failed attempts, and the latest messages and events.
#[utoipa::path(
    get, path = "/admin/v1/users/{id}", tag = "Users",
    params(("id" = i64, Path, description = "The id of the user")),
    responses((status = 200, description = "The user", body = UserDetailsObject, headers(
        ("ETag" = String, description = "The version of the user, for `If-Match`")
    )))
)]
async fn show_user<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (_, UserSegment(user)): (Authorized<UsersRead>, UserSegment),
) -> AdminResult {
    let details = details(&mut context, user).await?;
    Ok(answer(HttpResponse::Ok(), &details))
}

/// The user with everything around.
pub(super) async fn details<D: Administration>(
    context: &mut HttpContext<AdminApi<D>>,
    user: UserId,
) -> Result<UserDetails, AdminError> {
    found(context.call(|api| api.administration.show_user(user.into())).await)
}

/// Answers the user with the version.
pub(super) fn answer(mut response: actix_web::HttpResponseBuilder, details: &UserDetails) -> HttpResponse {
    if let Ok(version) = HeaderValue::try_from(format!("\"{}\"", details.profile.version())) {
        response.insert_header((ETAG, version));
    }
    json(response, &UserDetailsObject::from(details))
}

/// Export User
///
/// Everything that is kept about a user: all sessions, messages and events, acceptances of terms, registrations that were not
/// completed, open challenges, and the networks that asked for codes. Of hashes, tokens and keys it says that they are there.
/// The export is recorded in the audit trail.
#[utoipa::path(
    get, path = "/admin/v1/users/{id}/export", tag = "Users",
    params(("id" = i64, Path, description = "The id of the user")),
    responses((status = 200, description = "The export", body = UserExportObject))
)]
async fn export_user<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (caller, UserSegment(user)): (Authorized<UsersRead>, UserSegment),
) -> AdminResult {
    let operator = caller.operator(&context);
    let export = found(context.call(|api| api.administration.export_user(user.into(), operator)).await)?;
    Ok(json(HttpResponse::Ok(), &UserExportObject::from(&export)))
}
