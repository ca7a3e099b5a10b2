//! Request bodies: read from a JSON object, and described by the type that reads them.

use asteroid_application::ports::{Caller, Sessions};
use serde_json::Value;
use utoipa::openapi::Required;

use super::error::{AuthError, AuthSurface};
use super::fields::{Field, schema};
use super::validation::{BodyFields, ValidationErrors};
use crate::HttpSettings;
use crate::core::openapi::{Description, MediaType};
use crate::core::{HttpContext, Input};

/// A request body whose fields are all valid.
pub(super) trait RequestBody: Sized {
    /// Its schema.
    const SCHEMA: BodySchema;

    /// A body that is accepted.
    fn example() -> Value;

    /// Reads the fields. Errors are collected in `fields`; if there are any, the result is ignored.
    fn read(fields: &mut BodyFields<'_>, settings: &HttpSettings) -> Option<Self>;
}

/// The schema of a request body, an object.
pub(super) struct BodySchema {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) required: &'static [&'static Field],
    /// These may also be null.
    pub(super) optional: &'static [&'static Field],
}

impl<A: 'static, B: RequestBody> Input<AuthSurface, A> for B {
    async fn extract(context: &mut HttpContext<A>) -> Result<Self, AuthError> {
        let object = context.object().await?;
        let mut fields = BodyFields::new(&object);
        let body = B::read(&mut fields, context.settings());
        match (body, fields.into_errors()) {
            (Some(body), None) => Ok(body),
            (_, errors) => Err(AuthError::Invalid(errors.unwrap_or_else(ValidationErrors::default))),
        }
    }

    fn describe(description: &mut Description<'_, AuthSurface>) {
        let BodySchema { name, about, required, optional } = B::SCHEMA;
        let json = MediaType {
            name: "application/json",
            schema_name: name,
            schema: schema(about, required, optional, description.settings()),
            example: B::example(),
        };
        description.reads_body([json], Required::True);
    }
}

/// Whose session the bearer token opens. An endpoint that takes it answers 401 to any other request.
impl<A: Sessions> Input<AuthSurface, A> for Caller {
    async fn extract(context: &mut HttpContext<A>) -> Result<Self, AuthError> {
        Ok(context.caller(|accounts| accounts).await?)
    }

    fn describe(description: &mut Description<'_, AuthSurface>) {
        description.needs_token();
    }
}
