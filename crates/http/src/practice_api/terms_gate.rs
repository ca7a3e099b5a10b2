//! The gate that accepted terms open.

use std::fmt;
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use asteroid_application::ports::practice::{TermsAccepted, TermsGateError};
use futures_util::future::{FutureExt, LocalBoxFuture};

use super::error::{AccessError, PracticeApiError, PracticeApiSurface};
use super::{AccountUseCases, PracticeApiPorts, PracticeContext, PracticeUseCases};
use crate::core::openapi::{Description, SharedResponse};
use crate::core::{HttpContext, Input};

/// An extractor for requests whose caller accepted the terms in force. Without a valid token the answer is 401; without
/// the terms, 403.
///
/// A handler of any application that mounts this surface with [`configure`](super::configure()) can take it:
///
/// ```
/// use actix_web::HttpResponse;
/// use asteroid_http::practice_api::{AcceptedTerms, AccountUseCases, PracticeUseCases};
///
/// async fn appointments<A: AccountUseCases, P: PracticeUseCases>(terms: AcceptedTerms<A, P>) -> HttpResponse {
///     let user = terms.proof().caller().user;
///     // … the appointments of this user.
///     # drop(user);
///     HttpResponse::Ok().finish()
/// }
/// ```
pub struct AcceptedTerms<A, P> {
    proof: TermsAccepted,
    use_cases: PhantomData<fn() -> (A, P)>,
}

impl<A, P> AcceptedTerms<A, P> {
    /// The proof that the caller accepted the terms.
    #[must_use]
    pub fn proof(&self) -> TermsAccepted {
        self.proof
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

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let context = PracticeContext::<A, P>::from_request(request, &mut Payload::None).into_inner();
        async {
            let proof = TermsAccepted::extract(&mut context?).await?;
            Ok(Self { proof, use_cases: PhantomData })
        }
        .boxed_local()
    }
}

/// An endpoint that takes it answers 403 until the caller has accepted the terms.
impl<A: AccountUseCases, P: PracticeUseCases> Input<PracticeApiSurface, PracticeApiPorts<A, P>>
    for TermsAccepted
{
    async fn extract(context: &mut HttpContext<PracticeApiPorts<A, P>>) -> Result<Self, PracticeApiError> {
        let caller = context.caller(|ports| &*ports.accounts).await?;
        let passed = context.call(|ports| ports.practices.pass_terms_gate(caller)).await;
        Ok(passed.map_err(crate::core::ApiError::from)??)
    }

    fn describe(description: &mut Description<'_, PracticeApiSurface>) {
        description.needs_token();
        description.may_answer(SharedResponse::Forbidden);
    }
}

impl From<TermsGateError> for PracticeApiError {
    fn from(error: TermsGateError) -> Self {
        match error {
            TermsGateError::NotAccepted => Self::Refused(AccessError::TermsNotAccepted),
            TermsGateError::Storage(error) => error.into(),
        }
    }
}
