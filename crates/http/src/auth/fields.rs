//! The fields of the request bodies: how they are called, spoken of and described.

use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema, SchemaFormat};

/// A field of a request body.
#[derive(Debug)]
pub(super) struct Field {
    /// On the wire.
    pub(super) name: &'static str,
    /// In a sentence, after “the”.
    pub(super) label: &'static str,
    /// In the API's description.
    about: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Password,
    Choice(&'static [&'static str]),
}

macro_rules! fields {
    ($($const:ident = $name:literal, $label:literal, $kind:expr, $about:literal;)*) => { $(
        pub(super) const $const: Field =
            Field { name: $name, label: $label, about: $about, kind: $kind };
    )* };
}

fields! {
    FIRST_NAME = "first_name", "first name", Kind::Text, "The user's first name.";
    LAST_NAME = "last_name", "last name", Kind::Text, "The user's last name.";
    PHONE = "phone", "phone number", Kind::Text, "The user's phone number.";
    EMAIL = "email", "e-mail address", Kind::Text, "The user's email address.";
    TYPE = "type", "type", Kind::Choice(&["work", "personal"]), "The type of contact method.";
    CONTACT = "contact", "contact", Kind::Text, "The user's email address or phone number.";
    CODE = "code", "code", Kind::Text, "The verification code that was sent to the contact.";
    PASSWORD = "password", "password", Kind::Password, "The user's password.";
    CHOSEN_PASSWORD = "password", "password", Kind::Password,
        "The password the user wishes to have. Between 8 and 64 characters.";
    PASSWORD_CONFIRMATION = "password_confirmation", "password confirmation", Kind::Password,
        "Confirmation of the password. Must equal property 'password'.";
    EXISTING_PASSWORD = "existing_password", "existing password", Kind::Password,
        "The user's old password.";
    NEW_PASSWORD = "new_password", "new password", Kind::Password,
        "The user's new password. Between 8 and 64 characters.";
    NEW_PASSWORD_CONFIRMATION = "new_password_confirmation", "new password confirmation", Kind::Password,
        "The user's new password confirmation. This must match 'new_password'.";
}

/// The schema of a body: an object with these fields. One that is not required may be null.
pub(super) fn schema(about: &str, required: &[&Field], optional: &[&Field]) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new().description(Some(about));
    for field in required {
        object = object.property(field.name, field.schema(Type::String)).required(field.name);
    }
    for field in optional {
        let nullable = SchemaType::from_iter([Type::String, Type::Null]);
        object = object.property(field.name, field.schema(nullable));
    }
    object.into()
}

impl Field {
    fn schema(&self, schema_type: impl Into<SchemaType>) -> ObjectBuilder {
        let text = ObjectBuilder::new().schema_type(schema_type).description(Some(self.about));
        match self.kind {
            Kind::Text => text,
            Kind::Password => text.format(Some(SchemaFormat::KnownFormat(KnownFormat::Password))),
            Kind::Choice(choices) => text.enum_values(Some(choices.iter().copied())),
        }
    }
}
