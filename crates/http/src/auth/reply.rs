//! Answers that several endpoints give.

use actix_web::HttpResponse;
use asteroid_application::ports::SignedIn;
use serde::Serialize;
use utoipa::ToSchema;

use crate::core;

/// An empty answer, for clients that parse JSON from every answer.
#[derive(Serialize, ToSchema)]
pub(super) struct EmptyReply {}

/// A new session.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenReply {
    data: AccessToken,
}

/// The token of a new session.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
struct AccessToken {
    /// The access token to be used to authenticate future requests.
    #[schema(example = "48a4034027374be582b936f7d58043af")]
    access_token: String,
    /// The datetime when the access token will expire.
    #[schema(format = DateTime, example = "2016-05-03T11:15:54.950Z")]
    expires: String,
}

impl From<SignedIn> for TokenReply {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            data: AccessToken {
                access_token: signed_in.token.expose().to_owned(),
                expires: signed_in.expires_at.to_string(),
            },
        }
    }
}

/// 200 with a body.
pub(super) fn ok(body: &impl Serialize) -> HttpResponse {
    core::json(HttpResponse::Ok(), body)
}

/// 200 with an empty object.
pub(super) fn done() -> HttpResponse {
    ok(&EmptyReply {})
}

/// 204.
pub(super) fn no_content() -> HttpResponse {
    HttpResponse::NoContent().finish()
}
