use std::future::{Future, Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use asteroid_application::ports::{AuthenticateError, Caller, Sessions};
use asteroid_kernel::Origin;
use tokio::time::Instant;

use super::bearer::bearer_token;
use super::body::{Sent, read_object, read_sent};
use super::origin::origin;
use super::{ApiError, JsonObject};
use crate::HttpSettings;

/// What a surface's handlers work with.
pub(crate) struct State<U> {
    /// The use cases.
    pub(crate) use_cases: Arc<U>,
    /// The settings.
    pub(crate) settings: Arc<HttpSettings>,
}

/// One request on its way through a handler.
pub(crate) struct HttpContext<U> {
    request: HttpRequest,
    payload: Payload,
    state: Data<State<U>>,
    /// What the use cases behind this request may still take, together.
    time_left: Duration,
}

impl<U: 'static> HttpContext<U> {
    /// The use cases, to be kept longer than the context is.
    pub(crate) fn use_cases(&self) -> &Arc<U> {
        &self.state.use_cases
    }

    /// The settings.
    pub(crate) fn settings(&self) -> &HttpSettings {
        &self.state.settings
    }

    /// Where the request comes from.
    pub(crate) fn origin(&self) -> Origin {
        origin(&self.request, &self.state.settings.trusted_proxies)
    }

    /// The request, whose body is read apart from it.
    pub(crate) fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// A part of the path.
    pub(crate) fn segment(&self, name: &str) -> &str {
        self.request.match_info().query(name)
    }

    /// The JSON object that the body is.
    pub(crate) async fn object(&mut self) -> Result<JsonObject, ApiError> {
        read_object(&self.request, &mut self.payload, &self.state.settings).await
    }

    /// The body, as JSON or as a form.
    pub(crate) async fn sent(&mut self) -> Result<Sent, ApiError> {
        read_sent(&self.request, &mut self.payload, &self.state.settings).await
    }

    /// Asks a use case, as long as there is time. A use case that is given up ends by itself what it handed to
    /// the store.
    pub(crate) async fn call<'a, F: Future>(
        &'a mut self,
        use_case: impl FnOnce(&'a U) -> F,
    ) -> Result<F::Output, ApiError> {
        let started = Instant::now();
        let outcome = tokio::time::timeout(self.time_left, use_case(&self.state.use_cases)).await;
        self.time_left = self.time_left.saturating_sub(started.elapsed());
        outcome.map_err(|_| {
            tracing::error!("the use case took too long");
            ApiError::SLOW
        })
    }

    /// Who asks, by the bearer token; these sessions know.
    pub(crate) async fn caller_of<S: Sessions>(
        &mut self,
        sessions: fn(&U) -> &S,
    ) -> Result<Caller, ApiError> {
        let token = bearer_token(self.request.headers())?.to_owned();
        self.call(|use_cases| sessions(use_cases).authenticate(token)).await?.map_err(|error| match error {
            AuthenticateError::Unauthenticated => ApiError::Unauthenticated { token_sent: true },
            AuthenticateError::Storage(error) => error.into(),
        })
    }
}

impl<U: Sessions> HttpContext<U> {
    /// Who asks, by the bearer token.
    pub(crate) async fn caller(&mut self) -> Result<Caller, ApiError> {
        self.caller_of(|sessions| sessions).await
    }
}

impl<U: 'static> FromRequest for HttpContext<U> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let state: &Data<State<U>> = request.app_data().expect("every surface is configured with its state");
        ready(Ok(Self {
            request: request.clone(),
            payload: payload.take(),
            state: state.clone(),
            time_left: state.settings.handler_timeout,
        }))
    }
}
