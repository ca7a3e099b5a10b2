//! `DELETE /admin/v1/users/{id}`

use actix_web::HttpResponse;
use asteroid_application::administration::{Administration, UserReference};

use super::AdminApi;
use super::authorization::{Authorized, UsersWrite};
use super::listing::QueryReader;
use super::segments::{UserSegment, found};
use crate::admin::error::{AdminError, AdminResult};
use crate::core::openapi::{Description, SharedResponse};
use crate::core::{Endpoint, HttpContext, Input};

pub(super) fn endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_delete_user, delete_user::<D>)
}

/// What the caller repeats of the user: the id or a contact.
struct Confirmation(UserReference);

impl<U: 'static> Input<crate::admin::error::AdminSurface, U> for Confirmation {
    async fn extract(context: &mut HttpContext<U>) -> Result<Self, AdminError> {
        let region = context.settings().default_region;
        let mut query = QueryReader::of(context.request());
        let given = query.read("confirm", "the id or a contact of the user", |text| {
            UserReference::parse(text, region).ok()
        });
        query.finish()?;
        given.map(Self).ok_or_else(wrong_confirmation)
    }

    fn describe(description: &mut Description<'_, crate::admin::error::AdminSurface>) {
        description.may_answer(SharedResponse::Invalid);
    }
}

/// Delete User
///
/// Deletes a user for good, with everything personal that is kept about the user. The audit trail and the acceptances of terms
/// keep the id alone. Imports do not create the user again.
#[utoipa::path(
    delete, path = "/admin/v1/users/{id}", tag = "Users",
    params(
        ("id" = i64, Path, description = "The id of the user"),
        ("confirm" = String, Query, description = "The id or a contact of the user once more, because a deletion cannot be undone"),
    ),
    responses((status = 204, description = "The user is deleted"))
)]
async fn delete_user<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (caller, UserSegment(user), Confirmation(confirmed)): (Authorized<UsersWrite>, UserSegment, Confirmation),
) -> AdminResult {
    if context.call(|api| api.administration.find_user(confirmed)).await?? != Some(user) {
        // Whether the user exists comes first.
        found(context.call(|api| api.administration.find_user(user.into())).await)?;
        return Err(wrong_confirmation().into());
    }
    let operator = caller.operator(&context);
    found(context.call(|api| api.administration.delete_user(user.into(), operator)).await)?;
    Ok(HttpResponse::NoContent().finish())
}

fn wrong_confirmation() -> AdminError {
    AdminError::invalid("confirm", "must be the id or a contact of the user")
}
