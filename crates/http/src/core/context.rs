use std::future::{Future, Ready, ready};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use asteroid_application::accounts::{AuthenticateError, Caller, Sessions};
use asteroid_kernel::Origin;
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::access_log::AuthenticatedUser;
use super::bearer::bearer_token;
use super::body::{BodyContent, read_content, read_object};
use super::origin::origin;
use super::{ApiError, JsonObject};
use crate::HttpSettings;

/// What the handlers of a surface share.
pub(crate) struct SurfaceState<U> {
    /// The use cases.
    pub(crate) use_cases: Arc<U>,
    /// The settings.
    pub(crate) settings: Arc<HttpSettings>,
}

/// One request, with the use cases and the settings.
pub(crate) struct HttpContext<U> {
    request: HttpRequest,
    payload: Payload,
    state: Data<SurfaceState<U>>,
    /// The time that all use cases of this request may still take.
    time_left: Duration,
}

impl<U: 'static> HttpContext<U> {
    /// The use cases, for a response that outlives the context.
    pub(crate) fn use_cases(&self) -> &Arc<U> {
        &self.state.use_cases
    }

    /// The settings.
    pub(crate) fn settings(&self) -> &HttpSettings {
        &self.state.settings
    }

    /// The client's address and user agent, and the request id.
    pub(crate) fn origin(&self) -> Origin {
        origin(&self.request, &self.state.settings.trusted_proxies)
    }

    /// The request without its body.
    pub(crate) fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// A parameter of the path.
    pub(crate) fn segment(&self, name: &str) -> &str {
        self.request.match_info().query(name)
    }

    /// The bearer token.
    pub(crate) fn bearer_token(&self) -> Result<&str, ApiError> {
        bearer_token(self.request.headers())
    }

    /// The body, which must be a JSON object.
    pub(crate) async fn object(&mut self) -> Result<JsonObject, ApiError> {
        read_object(&self.request, &mut self.payload, &self.state.settings).await
    }

    /// The body, as JSON or as a form.
    pub(crate) async fn content(&mut self) -> Result<BodyContent, ApiError> {
        read_content(&self.request, &mut self.payload, &self.state.settings).await
    }

    /// Calls a use case, within the time that is left for this request. What a cancelled use case handed to the store
    /// still runs to its end.
    pub(crate) async fn call<'a, F: Future>(
        &'a mut self,
        use_case: impl FnOnce(&'a U) -> F,
    ) -> Result<F::Output, UseCaseTimeout> {
        let started = Instant::now();
        let outcome = tokio::time::timeout(self.time_left, use_case(&self.state.use_cases)).await;
        self.time_left = self.time_left.saturating_sub(started.elapsed());
        outcome.map_err(|_| {
            tracing::error!("the use case took too long");
            UseCaseTimeout
        })
    }

    /// Calls a use case that runs to its end even if the client goes away or the time is up, so that what it began, such as a
    /// try that counts as a failure while it runs, is finished.
    pub(crate) async fn call_to_end<F: Future<Output: 'static> + 'static>(
        &mut self,
        use_case: impl FnOnce(Arc<U>) -> F,
    ) -> Result<F::Output, UseCaseTimeout> {
        let running = use_case(Arc::clone(&self.state.use_cases)).instrument(Span::current());
        let running = actix_web::rt::spawn(running);
        self.call(|_| running).await?.or_else(|ended| match ended.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The worker stops.
            Err(_) => Err(UseCaseTimeout),
        })
    }

    /// The caller that the bearer token authenticates.
    pub(crate) async fn caller<S: Sessions>(&mut self, sessions: fn(&U) -> &S) -> Result<Caller, ApiError> {
        let token = self.bearer_token()?.to_owned();
        let caller = self.call(|use_cases| sessions(use_cases).authenticate(token)).await?.map_err(
            |error| match error {
                AuthenticateError::Unauthenticated => ApiError::Unauthenticated { token_sent: true },
                AuthenticateError::Storage(error) => error.into(),
            },
        )?;
        self.request.extensions_mut().insert(AuthenticatedUser(caller.user));
        Ok(caller)
    }
}

/// The use cases of a request took too long.
#[derive(Debug)]
pub(crate) struct UseCaseTimeout;

impl From<UseCaseTimeout> for ApiError {
    fn from(_: UseCaseTimeout) -> Self {
        Self::TIMEOUT
    }
}

impl<U: 'static> FromRequest for HttpContext<U> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let state: &Data<SurfaceState<U>> =
            request.app_data().expect("every surface is configured with its state");
        ready(Ok(Self {
            request: request.clone(),
            payload: payload.take(),
            state: state.clone(),
            time_left: state.settings.handler_timeout,
        }))
    }
}
