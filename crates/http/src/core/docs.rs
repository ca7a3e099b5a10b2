//! How surfaces describe what can go wrong.

use serde::Serialize;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Content, HeaderBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

use super::ApiError;

/// Adds to every operation what can go wrong with it as with any other. The names of these responses begin with the
/// prefix: a document may describe several surfaces.
pub(crate) fn add_errors<'a>(
    openapi: &mut OpenApi,
    prefix: &str,
    responses: impl IntoIterator<Item = (&'a str, Response)>,
) {
    let components = openapi.components.get_or_insert_with(Components::new);
    components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components
        .responses
        .extend(responses.into_iter().map(|(name, response)| (name.to_owned(), response.into())));

    for operation in operations(openapi) {
        let mut errors = vec![("500", "InternalError"), ("503", "ServiceUnavailable")];
        if operation.security.is_some() {
            errors.push(("401", "Unauthenticated"));
        }
        if operation.request_body.is_some() {
            errors.extend([
                ("400", "MalformedJson"),
                ("408", "RequestTimeout"),
                ("413", "PayloadTooLarge"),
                ("415", "UnsupportedMediaType"),
            ]);
        }
        for (status, name) in errors {
            add_response(operation, status, &format!("{prefix}{name}"));
        }
    }
}

/// All that a document describes.
pub(crate) fn operations(openapi: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    openapi.paths.paths.values_mut().flat_map(|item| {
        [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten()
    })
}

/// Adds a response by its name, unless the operation describes its own.
pub(crate) fn add_response(operation: &mut Operation, status: &str, name: &str) {
    let response = RefOr::Ref(Ref::from_response_name(name));
    operation.responses.responses.entry(status.to_owned()).or_insert(response);
}

/// A response with what the surface really says as its example.
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
            Self::MethodNotAllowed { .. } => &[("Allow", "The methods that it answers to")],
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
            | Self::Broken => &[],
        };
        let described = fields.iter().fold(response, |response, (name, description)| {
            response.header(*name, HeaderBuilder::new().description(Some(*description)).build())
        });
        described.build()
    }
}
