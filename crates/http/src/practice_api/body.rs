//! Request bodies, JSON or forms: read from [`Params`], and described by the type that reads them.

use asteroid_application::ports::Caller;
use serde_json::Value;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{KnownFormat, RefOr, Required, Schema, SchemaFormat};

use super::error::{PracticeApiError, PracticeApiSurface};
use super::params::Params;
use super::{AccountUseCases, PracticeApiPorts};
use crate::HttpSettings;
use crate::core::openapi::{Description, MediaType};
use crate::core::{HttpContext, Input};

/// A request body. Its fields may also stand in the query string.
pub(super) trait ParamsBody: Sized {
    /// The name of its schema as JSON.
    const JSON_NAME: &'static str;
    /// The name of its schema as a form. Client generators name types by schema: one schema for both media types would
    /// make one of them unusable.
    const FORM_NAME: &'static str;

    /// Its schema as JSON: groups of fields.
    fn schema() -> Object;

    /// A body that is accepted.
    fn example() -> Value;

    /// Reads the parameters.
    ///
    /// # Errors
    ///
    /// [`PracticeApiError::Invalid`] or [`PracticeApiError::Refused`].
    fn read(params: &Params, settings: &HttpSettings) -> Result<Self, PracticeApiError>;
}

impl<U: 'static, B: ParamsBody> Input<PracticeApiSurface, U> for B {
    async fn extract(context: &mut HttpContext<U>) -> Result<Self, PracticeApiError> {
        let params = Params::of(context).await?;
        B::read(&params, context.settings())
    }

    fn describe(description: &mut Description<'_, PracticeApiSurface>) {
        let (schema, example) = (B::schema(), B::example());
        let form = MediaType {
            name: "application/x-www-form-urlencoded",
            schema_name: B::FORM_NAME,
            schema: form_schema(&schema),
            example: form_example(&example),
        };
        let json = MediaType { name: "application/json", schema_name: B::JSON_NAME, schema, example };
        description.reads_body([json, form], Required::False);
    }
}

/// Whose session the bearer token opens. An endpoint that takes it answers 401 to any other request.
impl<A: AccountUseCases, P: 'static> Input<PracticeApiSurface, PracticeApiPorts<A, P>> for Caller {
    async fn extract(context: &mut HttpContext<PracticeApiPorts<A, P>>) -> Result<Self, PracticeApiError> {
        Ok(context.caller(|ports| &*ports.accounts).await?)
    }

    fn describe(description: &mut Description<'_, PracticeApiSurface>) {
        description.needs_token();
    }
}

/// The fields of all groups, each under its key as a form sends it: `user[email]`.
fn form_schema(json: &Object) -> Object {
    let about = json.description.as_deref().unwrap_or_default();
    let mut form = ObjectBuilder::new().description(Some(format!("{about} As a form.")));
    for (group, schema) in &json.properties {
        let RefOr::T(Schema::Object(fields)) = schema else { continue };
        for (name, field) in &fields.properties {
            let key = format!("{group}[{name}]");
            form = form.property(&key, field.clone());
            if fields.required.contains(name) {
                form = form.required(key);
            }
        }
    }
    form.build()
}

fn form_example(json: &Value) -> Value {
    let groups = json.as_object().into_iter().flatten();
    let fields = groups.flat_map(|(group, fields)| {
        let fields = fields.as_object().into_iter().flatten();
        fields.map(move |(name, value)| (format!("{group}[{name}]"), value.clone()))
    });
    Value::Object(fields.collect())
}

/// A body with these fields in the group `user`.
pub(super) fn user_schema(about: &str, fields: ObjectBuilder) -> Object {
    ObjectBuilder::new().description(Some(about)).property("user", fields).required("user").build()
}

/// A password.
pub(super) fn password_schema(about: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .description(Some(about))
}
