//! How endpoints are described in the OpenAPI document.

use std::marker::PhantomData;

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::Object;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, Content, HeaderBuilder, HttpMethod, OpenApi, PathItem, Ref, RefOr, Required, Response,
    ResponseBuilder,
};

use super::endpoint::Annotation;
use super::{ApiError, Endpoint, Surface};
use crate::HttpSettings;

const BEARER: &str = "bearer";

/// A response that operations of a surface share. Each is one component of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SharedResponse {
    /// The body is not a JSON object.
    MalformedJson,
    /// No valid token.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// Nothing is there, or nothing that the caller may see.
    NotFound,
    /// The body did not arrive in time.
    RequestTimeout,
    /// The body is too long.
    PayloadTooLarge,
    /// The body has a type that the surface does not read.
    UnsupportedMediaType,
    /// Fields or parameters are invalid.
    Invalid,
    /// A rate limit was reached.
    TooManyRequests,
    /// An unexpected error.
    InternalError,
    /// Busy, out of reach, or too slow.
    ServiceUnavailable,
}

impl SharedResponse {
    const fn status(self) -> &'static str {
        match self {
            Self::MalformedJson => "400",
            Self::Unauthenticated => "401",
            Self::Forbidden => "403",
            Self::NotFound => "404",
            Self::RequestTimeout => "408",
            Self::PayloadTooLarge => "413",
            Self::UnsupportedMediaType => "415",
            Self::Invalid => "422",
            Self::TooManyRequests => "429",
            Self::InternalError => "500",
            Self::ServiceUnavailable => "503",
        }
    }
}

/// A surface that the OpenAPI document describes.
pub(crate) trait DocumentedSurface: Surface {
    /// The name of a shared response's component, which is unique among all surfaces, and the response, with an answer
    /// of this surface under these settings as its example.
    fn shared_response(response: SharedResponse, settings: &HttpSettings) -> (&'static str, Response);
}

/// The description of one operation, while it is written.
pub(crate) struct Description<'a, S> {
    operation: &'a mut Operation,
    components: &'a mut Components,
    settings: &'a HttpSettings,
    surface: PhantomData<S>,
}

/// A media type of a request body, with its schema and an example.
pub(crate) struct MediaType {
    pub(crate) name: &'static str,
    pub(crate) schema_name: &'static str,
    pub(crate) schema: Object,
    pub(crate) example: Value,
}

impl<'a, S> Description<'a, S> {
    /// Adds the operation of an annotation, and begins its description.
    pub(super) fn of<P: Annotation>(openapi: &'a mut OpenApi, settings: &'a HttpSettings) -> Self {
        add_operation::<P>(openapi);
        let OpenApi { paths, components, .. } = openapi;
        let item = paths.paths.get_mut(&P::path()).expect("the operation was added");
        let operation = operation_of(item, &P::methods()[0]);
        let components = components.get_or_insert_default();
        Self { operation, components, settings, surface: PhantomData }
    }

    /// The settings in force.
    pub(crate) fn settings(&self) -> &'a HttpSettings {
        self.settings
    }
}

impl<S: DocumentedSurface> Description<'_, S> {
    /// Adds a shared response, unless the operation describes this status itself.
    pub(crate) fn may_answer(&mut self, response: SharedResponse) {
        let (name, component) = S::shared_response(response, self.settings);
        self.components.responses.entry(name.to_owned()).or_insert_with(|| component.into());
        let reference = RefOr::Ref(Ref::from_response_name(name));
        self.operation.responses.responses.entry(response.status().to_owned()).or_insert(reference);
    }

    /// Adds the bearer token, and 401 for a request without one.
    pub(crate) fn needs_token(&mut self) {
        self.needs_scopes([]);
    }

    /// The same for a token that has this scope.
    pub(crate) fn needs_scope(&mut self, scope: &str) {
        self.needs_scopes([scope]);
    }

    fn needs_scopes<const N: usize>(&mut self, scopes: [&str; N]) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        self.components.add_security_scheme(BEARER, scheme);
        self.operation.security = Some(vec![SecurityRequirement::new(BEARER, scopes)]);
        self.may_answer(SharedResponse::Unauthenticated);
    }

    /// Adds the request body, and the responses to one that cannot be read.
    pub(crate) fn reads_body(&mut self, contents: impl IntoIterator<Item = MediaType>, required: bool) {
        let mut body = RequestBodyBuilder::new();
        for MediaType { name, schema_name, schema, example } in contents {
            let mut content = Content::new(Some(Ref::from_schema_name(schema_name)));
            content.example = Some(example);
            body = body.content(name, content);
            self.components.schemas.insert(schema_name.to_owned(), schema.into());
        }
        let required = required.then_some(Required::True);
        self.operation.request_body = Some(RefOr::<RequestBody>::T(body.required(required).build()));
        self.may_refuse_the_body();
    }

    /// The operation answers to a body that it cannot read, or that is invalid.
    pub(crate) fn may_refuse_the_body(&mut self) {
        for response in [
            SharedResponse::MalformedJson,
            SharedResponse::RequestTimeout,
            SharedResponse::PayloadTooLarge,
            SharedResponse::UnsupportedMediaType,
            SharedResponse::Invalid,
        ] {
            self.may_answer(response);
        }
    }
}

/// Adds the operation of an annotation and the schemas of its answers.
pub(super) fn add_operation<P: Annotation>(openapi: &mut OpenApi) {
    let mut operation = P::operation();
    operation.tags = Some(P::tags().into_iter().map(str::to_owned).collect());
    // An empty list states that no token is needed; client generators rely on it.
    operation.security = Some(Vec::new());
    openapi.paths.add_path_operation(P::path(), P::methods(), operation);
    let mut schemas = Vec::new();
    P::schemas(&mut schemas);
    openapi.components.get_or_insert_default().schemas.extend(schemas);
}

/// An operation that was added.
pub(super) fn operation<'a>(openapi: &'a mut OpenApi, path: &str, method: &HttpMethod) -> &'a mut Operation {
    operation_of(openapi.paths.paths.get_mut(path).expect("the path was added"), method)
}

fn operation_of<'a>(item: &'a mut PathItem, method: &HttpMethod) -> &'a mut Operation {
    let operation = match method {
        HttpMethod::Get => &mut item.get,
        HttpMethod::Post => &mut item.post,
        HttpMethod::Put => &mut item.put,
        HttpMethod::Delete => &mut item.delete,
        HttpMethod::Options => &mut item.options,
        HttpMethod::Head => &mut item.head,
        HttpMethod::Patch => &mut item.patch,
        HttpMethod::Trace => &mut item.trace,
    };
    operation.as_mut().expect("the operation was added")
}

/// Adds the endpoints to a document.
pub(crate) fn describe(
    mut openapi: OpenApi,
    endpoints: impl IntoIterator<Item = Endpoint>,
    settings: &HttpSettings,
) -> OpenApi {
    endpoints.into_iter().for_each(|endpoint| endpoint.describe(&mut openapi, settings));
    openapi
}

/// A response with an answer of the surface as its example.
pub(crate) fn response(description: &str, schema: &str, reply: &impl Serialize) -> ResponseBuilder {
    let mut content = Content::new(Some(Ref::from_schema_name(schema)));
    content.example = serde_json::to_value(reply).ok();
    ResponseBuilder::new().description(description).content("application/json", content)
}

impl ApiError {
    /// Describes the header fields that belong to it.
    pub(crate) fn describe(&self, response: ResponseBuilder) -> Response {
        let fields: &[(&str, &str)] = match self {
            Self::Unauthenticated { .. } => &[("WWW-Authenticate", "The challenge (RFC 6750)")],
            Self::MethodNotAllowed { .. } => &[("Allow", "The methods that the resource supports")],
            Self::TooManyRequests { .. } => &[
                ("Retry-After", "In how many seconds to try again"),
                ("RateLimit", "The state of the limit (draft-ietf-httpapi-ratelimit-headers)"),
            ],
            Self::Unavailable { .. } => &[("Retry-After", "In how many seconds to try again")],
            Self::MalformedJson(_)
            | Self::ForbiddenOrigin
            | Self::NotFound
            | Self::BodyTimeout
            | Self::BodyTooLarge { .. }
            | Self::UnsupportedMediaType
            | Self::InvalidHead(_)
            | Self::HeadersTooLarge { .. }
            | Self::Internal => &[],
        };
        let described = fields.iter().fold(response, |response, (name, description)| {
            response.header(*name, HeaderBuilder::new().description(Some(*description)).build())
        });
        described.build()
    }
}
