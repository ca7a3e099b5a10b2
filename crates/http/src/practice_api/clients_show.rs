//! `GET /clients/{clientId}`

use actix_web::FromRequest;
use actix_web::dev::Payload;
use actix_web::web::Path;
use asteroid_application::ports::practice::{ClientsError, TermsAccepted};
use asteroid_clients::ExternalId;

use super::client_reply::ClientReply;
use super::error::{PracticeApiError, PracticeApiResult, PracticeApiSurface, ok};
use super::query::PracticeQuery;
use super::{AccountUseCases, PracticeContext, PracticeUseCases};
use crate::core::openapi::{Description, SharedResponse};
use crate::core::{ApiError, Endpoint, HttpContext, Input};

pub(super) fn endpoint<A: AccountUseCases, P: PracticeUseCases>() -> Endpoint {
    Endpoint::new(__path_show_client, show_client::<A, P>)
}

/// Get One Client
///
/// To a user who is a client: that client alone. To the practice's staff: any client of the practice.
///
/// **Must accept terms before using this endpoint.**
#[utoipa::path(
    get, path = "/clients/{clientId}", tag = "Clients",
    params(
        ("clientId" = String, Path, description = "The client's id in its source"),
        ("practiceId" = Option<i64>, Query,
            description = "One of the user's practices; the one that the user was first in if not given."),
    ),
    responses((status = 200, description = "The client", body = ClientReply<'_>))
)]
async fn show_client<A: AccountUseCases, P: PracticeUseCases>(
    mut context: PracticeContext<A, P>,
    (proof, ClientSegment(id), PracticeQuery(practice)): (TermsAccepted, ClientSegment, PracticeQuery),
) -> PracticeApiResult<ClientsError> {
    let client = context.call(|ports| ports.practices.find_client(proof, practice, id)).await??;
    Ok(ok(&ClientReply::from(&client)))
}

/// The client in the path. What is not an id is not found.
struct ClientSegment(ExternalId);

impl<U: 'static> Input<PracticeApiSurface, U> for ClientSegment {
    async fn extract(context: &mut HttpContext<U>) -> Result<Self, PracticeApiError> {
        let segment = Path::<String>::from_request(context.request(), &mut Payload::None).await;
        let id = segment.ok().and_then(|segment| ExternalId::parse(&segment).ok());
        Ok(Self(id.ok_or(ApiError::NotFound)?))
    }

    fn describe(description: &mut Description<'_, PracticeApiSurface>) {
        description.may_answer(SharedResponse::NotFound);
    }
}
