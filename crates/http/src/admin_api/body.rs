//! Request bodies: JSON objects that serde reads.

use asteroid_identity::PersonName;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use crate::admin::error::{AdminError, AdminSurface, InvalidField};
use crate::core::openapi::Description;
use crate::core::{ApiError, BodyContent, HttpContext, Input, JsonMembers, MalformedJson, parse_object};

/// A body, as it was sent and as it was read.
pub(super) struct JsonBody<T> {
    pub(super) bytes: Vec<u8>,
    pub(super) body: T,
}

impl<T: DeserializeOwned, U: 'static> Input<AdminSurface, U> for JsonBody<T> {
    async fn extract(context: &mut HttpContext<U>) -> Result<Self, AdminError> {
        let bytes = match context.content().await? {
            BodyContent::Empty => b"{}".to_vec(),
            BodyContent::Json(bytes) => bytes.to_vec(),
            BodyContent::Form(_) => return Err(ApiError::UnsupportedMediaType.into()),
        };
        // A type reads arrays, too.
        parse_object::<JsonMembers<IgnoredAny>>(&bytes).map_err(ApiError::from)?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let read = serde_path_to_error::deserialize(&mut reader);
        let read = read.map_err(|error| (error.path().to_string(), error.into_inner()));
        match read.and_then(|body| reader.end().map(|()| body).map_err(|error| (String::new(), error))) {
            Ok(body) => Ok(Self { bytes, body }),
            Err((path, error)) if error.classify() == Category::Data => {
                Err(AdminError::Invalid(vec![invalid_field(path, &error)]))
            }
            Err((_, error)) => {
                let (line, column) = (error.line(), error.column().max(1));
                Err(ApiError::from(MalformedJson::Syntax { line, column }).into())
            }
        }
    }

    fn describe(description: &mut Description<'_, AdminSurface>) {
        description.may_refuse_the_body();
    }
}

/// What is wrong with a field, without what was sent: it may be a password.
fn invalid_field(path: String, error: &serde_json::Error) -> InvalidField {
    let text = error.to_string();
    let quoted = |prefix| text.strip_prefix(prefix).and_then(|rest: &str| rest.split('`').next());
    let (field, detail) = if let Some(field) = quoted("missing field `") {
        (field.to_owned(), "is missing".to_owned())
    } else if let Some(field) = quoted("duplicate field `") {
        (field.to_owned(), "occurs twice".to_owned())
    } else {
        let expected = text.rsplit_once(", expected ").map(|(_, rest)| rest);
        let expected = expected.and_then(|rest| rest.split(" at line ").next());
        (path, format!("must be {}", expected.unwrap_or("of another type")))
    };
    let field = if field == "." { String::new() } else { field };
    InvalidField { field, detail }
}

/// What is wrong with the parts of a name.
pub(super) fn wrong_name(first_name: &str, last_name: &str) -> Vec<InvalidField> {
    let parts = [("first_name", first_name), ("last_name", last_name)].into_iter();
    let wrong = parts.filter_map(|(field, text)| {
        let detail = PersonName::partial(text, "").err()?.to_string();
        Some(InvalidField { field: field.to_owned(), detail })
    });
    wrong.collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Body {
        #[expect(dead_code, reason = "it is only read")]
        contacts: Vec<String>,
        #[expect(dead_code, reason = "it is only read")]
        password: Option<String>,
    }

    fn wrong(text: &str) -> (String, String) {
        let mut reader = serde_json::Deserializer::from_slice(text.as_bytes());
        let error = serde_path_to_error::deserialize::<_, Body>(&mut reader).expect_err("it is wrong");
        let InvalidField { field, detail } = invalid_field(error.path().to_string(), &error.into_inner());
        (field, detail)
    }

    #[test]
    fn a_wrong_field_is_named_without_what_was_sent() {
        for (text, field, detail) in [
            ("{}", "contacts", "is missing"),
            (r#"{"contacts": [], "contacts": []}"#, "contacts", "occurs twice"),
            (r#"{"contacts": "s3cret, expected `x` at line 1"}"#, "contacts", "must be a sequence"),
            (r#"{"contacts": ["a", 5]}"#, "contacts[1]", "must be a string"),
            (r#"{"contacts": [], "password": ["s3cret"]}"#, "password", "must be a string"),
        ] {
            assert_eq!(wrong(text), (field.to_owned(), detail.to_owned()), "{text}");
        }
    }
}
