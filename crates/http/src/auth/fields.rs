//! The fields of request bodies: names, labels and schemas.

use std::borrow::Cow;

use asteroid_kernel::ContactKind;
use asteroid_verification::CodeFormat;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{KnownFormat, SchemaFormat};

use crate::HttpSettings;

/// A field of a request body.
#[derive(Debug)]
pub(super) struct Field {
    /// In JSON.
    pub(super) name: &'static str,
    /// In a sentence, after “the”.
    pub(super) label: &'static str,
    /// In the OpenAPI document, under these settings.
    about: fn(&HttpSettings) -> Cow<'static, str>,
    format: FieldFormat,
}

#[derive(Clone, Copy, Debug)]
enum FieldFormat {
    Text,
    Password,
    OneOf(&'static [&'static str]),
}

macro_rules! fields {
    ($($const:ident = $name:literal, $label:literal, $format:expr, $about:expr;)*) => { $(
        pub(super) const $const: Field =
            Field { name: $name, label: $label, about: $about, format: $format };
    )* };
}

fields! {
    FIRST_NAME = "first_name", "first name", FieldFormat::Text, |_| "The user's first name.".into();
    LAST_NAME = "last_name", "last name", FieldFormat::Text, |_| "The user's last name.".into();
    PHONE = "phone", "phone number", FieldFormat::Text, |settings| match settings.sms_countries.served() {
        _ if !settings.offered_contacts.contains(&ContactKind::Phone) => {
            "A phone number is refused (`channel_not_offered`): no SMS is sent.".into()
        }
        None => "The user's phone number.".into(),
        Some(served) => format!(
            "The user's phone number. Others than those of these countries are refused (`country_not_supported`): {served}.",
        ).into(),
    };
    EMAIL = "email", "e-mail address", FieldFormat::Text,
        |settings| if settings.offered_contacts.contains(&ContactKind::Email) {
            "The user's email address.".into()
        } else {
            "An e-mail address is refused (`channel_not_offered`): no e-mail is sent.".into()
        };
    TYPE = "type", "type", FieldFormat::OneOf(&["work", "personal"]), |_| "The type of contact method.".into();
    CONTACT = "contact", "contact", FieldFormat::Text,
        |_| "The user's email address or phone number.".into();
    CODE = "code", "code", FieldFormat::Text, |settings| format!(
        "The verification code that was sent to the contact: {}, or {} for a code to autofill.",
        format_of(settings.code_formats.v1), format_of(settings.code_formats.v2),
    ).into();
    PASSWORD = "password", "password", FieldFormat::Password, |_| "The user's password.".into();
    CHOSEN_PASSWORD = "password", "password", FieldFormat::Password,
        |settings| format!("The password the user wishes to have. {}", length(settings)).into();
    PASSWORD_CONFIRMATION = "password_confirmation", "password confirmation", FieldFormat::Password,
        |_| "Confirmation of the password. Must equal property 'password'.".into();
    EXISTING_PASSWORD = "existing_password", "existing password", FieldFormat::Password,
        |_| "The user's old password.".into();
    NEW_PASSWORD = "new_password", "new password", FieldFormat::Password,
        |settings| format!("The user's new password. {}", length(settings)).into();
    NEW_PASSWORD_CONFIRMATION = "new_password_confirmation", "new password confirmation", FieldFormat::Password,
        |_| "The user's new password confirmation. This must match 'new_password'.".into();
}

/// The length of a new password, in a sentence.
fn length(settings: &HttpSettings) -> String {
    let policy = &settings.passwords;
    format!("Between {} and {} characters.", policy.min_chars, policy.max_chars)
}

/// The form of a code: `6 digits`.
pub(super) fn format_of(format: CodeFormat) -> String {
    match format {
        CodeFormat::Crockford { length } => format!("{length} letters and digits"),
        CodeFormat::Digits { length } => format!("{length} digits"),
    }
}

/// The schema of a body: an object with these fields. One that is not required may be null.
pub(super) fn schema(
    about: &str,
    required: &[&Field],
    optional: &[&Field],
    settings: &HttpSettings,
) -> Object {
    let mut object = ObjectBuilder::new().description(Some(about));
    for field in required {
        object = object.property(field.name, field.schema(Type::String, settings)).required(field.name);
    }
    for field in optional {
        let nullable = SchemaType::from_iter([Type::String, Type::Null]);
        object = object.property(field.name, field.schema(nullable, settings));
    }
    object.build()
}

impl Field {
    fn schema(&self, schema_type: impl Into<SchemaType>, settings: &HttpSettings) -> ObjectBuilder {
        let text = ObjectBuilder::new().schema_type(schema_type).description(Some((self.about)(settings)));
        match self.format {
            FieldFormat::Text => text,
            FieldFormat::Password => text.format(Some(SchemaFormat::KnownFormat(KnownFormat::Password))),
            FieldFormat::OneOf(values) => text.enum_values(Some(values.iter().copied())),
        }
    }
}
