//! Endpoints: one method of one path, declared once for actix and for the OpenAPI document.

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;

use actix_web::http::Method;
use actix_web::{HttpResponse, Route, web};
use asteroid_kernel::StorageError;
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::openapi::{HttpMethod, OpenApi};

use super::openapi::{Description, DocumentedSurface, SharedResponse};
use super::{ApiError, HttpContext, Surface, UseCaseTimeout};
use crate::HttpSettings;

/// What `#[utoipa::path]` generates for a handler: the unit struct `__path_NAME`.
///
/// `utoipa::path` keeps tags and schemas in traits that only its own derives are meant to use; `utoipa-axum` uses them
/// in the same way.
pub(crate) trait Annotation: utoipa::Path + for<'t> Tags<'t> + SchemaReferences {}

impl<P: utoipa::Path + for<'t> Tags<'t> + SchemaReferences> Annotation for P {}

/// What a handler takes beside its [`HttpContext`]: the caller, the body, parameters.
///
/// A tuple is read in its order: the first input that fails decides on the answer.
pub(crate) trait Input<S: Surface, U>: Sized {
    /// Reads it from the request.
    async fn extract(context: &mut HttpContext<U>) -> Result<Self, S::Error>;

    /// Adds what it brings with it to the description of an operation: a body, a token, responses.
    fn describe(description: &mut Description<'_, S>);
}

/// An error of a use case, or of an endpoint.
pub(crate) trait OperationError {
    /// The shared responses that it leads to, beside 500 and 503. The annotation of a handler describes
    /// the responses that only this operation has, like the 401 for a wrong password.
    const RESPONSES: &'static [SharedResponse];
}

/// Why a handler failed. `E` is the error of its operation, which describes its responses.
pub(crate) struct EndpointError<S: Surface, E> {
    error: S::Error,
    operation: PhantomData<E>,
}

/// One method of one path, with its handler and its description.
pub(crate) struct Endpoint {
    method: HttpMethod,
    path: String,
    route: Route,
    describe: fn(&mut OpenApi, &HttpSettings),
    description: Option<fn(&HttpSettings) -> String>,
}

impl Endpoint {
    /// Joins the annotation of a handler with the handler: `Endpoint::new(__path_login, login::<A>)`.
    ///
    /// Which shared responses the operation may give follows from the types of the handler's input and error.
    pub(crate) fn new<P, S, U, I, E, F, R>(annotation: P, handler: F) -> Self
    where
        P: Annotation,
        S: DocumentedSurface,
        U: 'static,
        I: Input<S, U>,
        E: OperationError,
        F: Fn(HttpContext<U>, I) -> R + Clone + 'static,
        R: Future<Output = Result<HttpResponse, EndpointError<S, E>>> + 'static,
    {
        let route = web::to(move |mut context: HttpContext<U>| {
            let handler = handler.clone();
            async move {
                let input = I::extract(&mut context).await?;
                handler(context, input).await.map_err(|failed| failed.error)
            }
        });
        Self::plain(annotation, route).described_by(|openapi, settings| {
            let mut description = Description::<S>::of::<P>(openapi, settings);
            description.may_answer(SharedResponse::InternalError);
            description.may_answer(SharedResponse::ServiceUnavailable);
            I::describe(&mut description);
            for response in E::RESPONSES {
                description.may_answer(*response);
            }
        })
    }

    /// An endpoint of no surface: its annotation describes all of it.
    pub(crate) fn plain<P: Annotation>(_: P, route: Route) -> Self {
        let methods: [HttpMethod; 1] = P::methods().try_into().ok().expect("an endpoint has one method");
        let [method] = methods;
        let describe = |openapi: &mut OpenApi, _: &HttpSettings| {
            super::openapi::add_operation::<P>(openapi);
        };
        Self { method, path: P::path(), route, describe, description: None }
    }

    fn described_by(self, describe: fn(&mut OpenApi, &HttpSettings)) -> Self {
        Self { describe, ..self }
    }

    /// Replaces the description in the annotation by one that names settings.
    pub(crate) fn with_description(self, description: fn(&HttpSettings) -> String) -> Self {
        Self { description: Some(description), ..self }
    }

    /// The path, as both actix and OpenAPI write it.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The method and the actix route, to mount it.
    pub(crate) fn into_route(self) -> (Method, Route) {
        let method = match self.method {
            HttpMethod::Get => Method::GET,
            HttpMethod::Post => Method::POST,
            HttpMethod::Put => Method::PUT,
            HttpMethod::Delete => Method::DELETE,
            HttpMethod::Options => Method::OPTIONS,
            HttpMethod::Head => Method::HEAD,
            HttpMethod::Patch => Method::PATCH,
            HttpMethod::Trace => Method::TRACE,
        };
        (method, self.route)
    }

    /// Adds it to the document.
    pub(crate) fn describe(&self, openapi: &mut OpenApi, settings: &HttpSettings) {
        (self.describe)(openapi, settings);
        if let Some(description) = self.description {
            let operation = super::openapi::operation(openapi, &self.path, &self.method);
            operation.description = Some(description(settings));
        }
    }
}

impl<S: Surface, E> EndpointError<S, E> {
    pub(crate) fn new(error: impl Into<S::Error>) -> Self {
        Self { error: error.into(), operation: PhantomData }
    }
}

impl<S: Surface, E: OperationError + Into<S::Error>> From<E> for EndpointError<S, E> {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// Every operation may answer 500 and 503.
impl<S: Surface, E> From<StorageError> for EndpointError<S, E> {
    fn from(error: StorageError) -> Self {
        Self::new(ApiError::from(error))
    }
}

/// Every operation may answer 503.
impl<S: Surface, E> From<UseCaseTimeout> for EndpointError<S, E> {
    fn from(timeout: UseCaseTimeout) -> Self {
        Self::new(ApiError::from(timeout))
    }
}

/// For handlers whose operation has no error of its own.
impl OperationError for Infallible {
    const RESPONSES: &'static [SharedResponse] = &[];
}

impl<S: Surface, U> Input<S, U> for () {
    async fn extract(_: &mut HttpContext<U>) -> Result<Self, S::Error> {
        Ok(())
    }

    fn describe(_: &mut Description<'_, S>) {}
}

impl<S: Surface, U, I: Input<S, U>, J: Input<S, U>> Input<S, U> for (I, J) {
    async fn extract(context: &mut HttpContext<U>) -> Result<Self, S::Error> {
        Ok((I::extract(context).await?, J::extract(context).await?))
    }

    fn describe(description: &mut Description<'_, S>) {
        I::describe(description);
        J::describe(description);
    }
}

impl<S: Surface, U, I: Input<S, U>, J: Input<S, U>, K: Input<S, U>> Input<S, U> for (I, J, K) {
    async fn extract(context: &mut HttpContext<U>) -> Result<Self, S::Error> {
        Ok((I::extract(context).await?, J::extract(context).await?, K::extract(context).await?))
    }

    fn describe(description: &mut Description<'_, S>) {
        I::describe(description);
        J::describe(description);
        K::describe(description);
    }
}
