use std::fmt;

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use asteroid_application::ports::practice::TermsAccepted;
use futures_util::future::{FutureExt, LocalBoxFuture};

use super::error::PracticeApiError;
use super::{AccountUseCases, Ports, PracticeUseCases};
use crate::core::HttpContext;

/// Lets a request through whose caller accepted the terms in force: as an argument of a handler, it stands before
/// it. Without a token that opens a session the answer is 401; without the terms, 403.
///
/// A route of any application can wear it in which this surface is mounted by [`configure`](super::configure()), and
/// be sure of the terms:
///
/// ```
/// use actix_web::HttpResponse;
/// use asteroid_http::practice_api::{AcceptedTerms, AccountUseCases, PracticeUseCases};
///
/// async fn appointments<A: AccountUseCases, P: PracticeUseCases>(gate: AcceptedTerms<A, P>) -> HttpResponse {
///     let user = gate.proof().caller().user;
///     // … the appointments of this user.
///     # drop(user);
///     HttpResponse::Ok().finish()
/// }
/// ```
pub struct AcceptedTerms<A, P> {
    proof: TermsAccepted,
    context: HttpContext<Ports<A, P>>,
}

impl<A, P> AcceptedTerms<A, P> {
    /// The proof that the terms are accepted, and by whom.
    #[must_use]
    pub fn proof(&self) -> TermsAccepted {
        self.proof
    }

    pub(super) fn into_exchange(self) -> HttpContext<Ports<A, P>> {
        self.context
    }
}

impl<A, P> fmt::Debug for AcceptedTerms<A, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptedTerms").field("proof", &self.proof).finish_non_exhaustive()
    }
}

impl<A: AccountUseCases, P: PracticeUseCases> FromRequest for AcceptedTerms<A, P> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let context = HttpContext::from_request(request, payload).into_inner();
        async {
            let mut context = context?;
            let proof = pass(&mut context).await?;
            Ok(Self { proof, context })
        }
        .boxed_local()
    }
}

async fn pass<A: AccountUseCases, P: PracticeUseCases>(
    context: &mut HttpContext<Ports<A, P>>,
) -> Result<TermsAccepted, PracticeApiError> {
    let caller = context.caller_of(Ports::accounts).await?;
    Ok(context.call(|ports| ports.practices.pass_terms_gate(caller)).await??)
}
