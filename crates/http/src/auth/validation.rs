//! Reads the fields of request bodies, and collects their errors.

use asteroid_application::CountryNotServed;
use asteroid_identity::{InvalidName, Password, PasswordFlaw, PersonName};
use asteroid_kernel::contact::{InvalidContact, InvalidEmail};
use asteroid_kernel::{Contact, ContactKind, EmailAddress, PhoneNumber, Region};
use asteroid_verification::CodeGuess;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::fields::{EMAIL, Field, PHONE};
use crate::HttpSettings;
use crate::core::{JsonField, JsonObject};

/// More characters than any code has. The use case refuses what is not a code.
const CODE_MAX_CHARS: usize = 64;

/// An error of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// A sentence that names the rule, for people.
    #[schema(example = "The value in this field is not valid.")]
    message: String,
    /// A stable code, for programs.
    #[schema(example = "invalid")]
    code: &'static str,
}

impl FieldError {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { message: message.into(), code }
    }

    /// A rule of the password policy that a new password breaks.
    fn of_password(error: PasswordFlaw, field: &Field) -> Self {
        let label = field.label;
        match error {
            PasswordFlaw::TooShort { min } => {
                Self::new("too_short", format!("The {label} must have at least {min} characters."))
            }
            PasswordFlaw::TooLong { max } => Self::too_long(field, max),
            PasswordFlaw::TooCommon => Self::new(
                "too_common",
                format!("The {label} must not be one of those that many people use: choose another."),
            ),
            PasswordFlaw::HoldsContact => Self::new(
                "contains_contact",
                format!(
                    "The {label} must not contain your e-mail address, the part of it before the @, or your phone number."
                ),
            ),
            PasswordFlaw::HoldsName => {
                let message = format!("The {label} must not contain your name or that of this service.");
                Self::new("contains_name", message)
            }
            PasswordFlaw::SameAsCurrent => {
                Self::new("same_as_old", format!("The {label} must be different from the existing password."))
            }
        }
    }

    fn required(field: &Field) -> Self {
        Self::new("required", format!("The {} is required and must not be blank.", field.label))
    }

    fn too_long(field: &Field, max: usize) -> Self {
        Self::new("too_long", format!("The {} must have at most {max} characters.", field.label))
    }
}

/// The invalid fields of a request, in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub(crate) struct ValidationErrors(Vec<(&'static str, Vec<FieldError>)>);

impl ValidationErrors {
    /// The rules of the password policy that the new password in this field breaks.
    pub(super) fn of_password(field: &Field, errors: Vec<PasswordFlaw>) -> Self {
        Self(vec![(
            field.name,
            errors.into_iter().map(|error| FieldError::of_password(error, field)).collect(),
        )])
    }

    /// Codes are not sent to the country of the phone number, in whichever field it was.
    pub(super) fn of_country(error: &CountryNotServed) -> Self {
        let mut errors = Self::default();
        errors.add_country(error);
        errors
    }

    fn add_country(&mut self, error: &CountryNotServed) {
        let message =
            format!("Codes are sent to phone numbers of these countries only: {}.", error.served_names());
        self.add(&PHONE, FieldError::new("country_not_supported", message));
    }

    /// This field is missing.
    pub(super) fn missing(field: &Field) -> Self {
        Self(vec![(field.name, vec![FieldError::required(field)])])
    }

    fn add(&mut self, field: &Field, error: FieldError) {
        match self.0.iter_mut().find(|(name, _)| *name == field.name) {
            Some((_, errors)) => errors.push(error),
            None => self.0.push((field.name, vec![error])),
        }
    }
}

impl Serialize for ValidationErrors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, errors)| (name, errors)))
    }
}

/// The fields of one body, and the errors found in them so far.
pub(super) struct BodyFields<'a> {
    object: &'a JsonObject,
    errors: ValidationErrors,
}

impl<'a> BodyFields<'a> {
    pub(super) fn new(object: &'a JsonObject) -> Self {
        Self { object, errors: ValidationErrors::default() }
    }

    /// The errors that were found, if any.
    pub(super) fn into_errors(self) -> Option<ValidationErrors> {
        Some(self.errors).filter(|errors| !errors.0.is_empty())
    }

    /// Whether the field is present and not null.
    pub(super) fn is_given(&self, field: &Field) -> bool {
        !matches!(self.object.given(field.name), JsonField::Absent | JsonField::Null)
    }

    /// A required text, as it was sent; not blank.
    pub(super) fn text(&mut self, field: &Field) -> Option<&'a str> {
        let label = field.label;
        let error = match self.object.given(field.name) {
            JsonField::Text(text) if !text.trim().is_empty() => return Some(text),
            JsonField::Absent | JsonField::Null | JsonField::Text(_) => FieldError::required(field),
            JsonField::Other => {
                FieldError::new("not_a_string", format!("The {label} must be a JSON string."))
            }
            JsonField::Repeated => {
                FieldError::new("duplicate", format!("The {label} must be given only once."))
            }
        };
        self.errors.add(field, error);
        None
    }

    /// A text of limited length, without the white space around it.
    fn short_text(&mut self, field: &Field, max: usize) -> Option<&'a str> {
        let text = self.text(field)?.trim();
        if text.chars().count() > max {
            self.errors.add(field, FieldError::too_long(field, max));
            return None;
        }
        Some(text)
    }

    /// Adds the error that the value of the field is invalid.
    pub(super) fn refuse(&mut self, field: &Field, message: impl Into<String>) {
        self.errors.add(field, FieldError::new("invalid", message));
    }

    /// Adds the error that one of two fields is missing.
    fn require(&mut self, field: &Field, message: impl Into<String>) {
        self.errors.add(field, FieldError::new("required", message));
    }

    /// A first or a last name.
    pub(super) fn name_part(&mut self, field: &Field) -> Option<String> {
        match PersonName::parse_part(self.text(field)?) {
            Ok(part) => return Some(part),
            Err(InvalidName::TooLong) => {
                self.errors.add(field, FieldError::too_long(field, PersonName::MAX_CHARS));
            }
            // White space was refused above. Characters without a glyph are blank, too.
            Err(InvalidName::Blank) => self.errors.add(field, FieldError::required(field)),
            Err(InvalidName::ControlCharacter) => {
                self.refuse(field, format!("The {} must not contain control characters.", field.label));
            }
        }
        None
    }

    /// An e-mail address.
    fn email(&mut self, field: &Field) -> Option<Contact> {
        match EmailAddress::parse(self.short_text(field, EmailAddress::MAX_CHARS)?) {
            Ok(email) => return Some(email.into()),
            Err(InvalidEmail::TooLong) => {
                self.errors.add(field, FieldError::too_long(field, EmailAddress::MAX_CHARS));
            }
            Err(InvalidEmail::Malformed) => {
                self.refuse(field, format!("The {} must be of the form name@example.com.", field.label));
            }
        }
        None
    }

    /// A phone number.
    fn phone(&mut self, field: &Field, region: Region) -> Option<Contact> {
        let text = self.short_text(field, EmailAddress::MAX_CHARS)?;
        let phone = PhoneNumber::parse(text, region);
        if phone.is_err() {
            let message = format!("The {} must be one that can be called, {}.", field.label, digits(region));
            self.refuse(field, message);
        }
        phone.ok().map(Contact::from)
    }

    /// An e-mail address or a phone number.
    pub(super) fn contact(&mut self, field: &Field, region: Region) -> Option<Contact> {
        match Contact::parse(self.short_text(field, EmailAddress::MAX_CHARS)?, region) {
            Ok(contact) => return Some(contact),
            Err(InvalidContact::Email(InvalidEmail::TooLong)) => {
                self.errors.add(field, FieldError::too_long(field, EmailAddress::MAX_CHARS));
            }
            Err(InvalidContact::Email(InvalidEmail::Malformed) | InvalidContact::Phone(_)) => {
                let message = format!(
                    "The {} must be an e-mail address of the form name@example.com, or a phone number {}.",
                    field.label,
                    digits(region)
                );
                self.refuse(field, message);
            }
        }
        None
    }

    /// A contact to send a code to.
    pub(super) fn reached_contact(&mut self, field: &Field, settings: &HttpSettings) -> Option<Contact> {
        let contact = self.contact(field, settings.default_region)?;
        self.is_reached(field, &contact, settings).then_some(contact)
    }

    /// Whether codes may be sent to the contact: its kind is offered, and it is no phone number of a country that is not
    /// served. Otherwise adds the error.
    fn is_reached(&mut self, field: &Field, contact: &Contact, settings: &HttpSettings) -> bool {
        if !settings.offered_contacts.contains(&contact.kind()) {
            let message = match contact.kind() {
                ContactKind::Email => "No e-mail is sent to users here: use a phone number.",
                ContactKind::Phone => "No SMS is sent to users here: use an e-mail address.",
            };
            self.errors.add(field, FieldError::new("channel_not_offered", message));
            return false;
        }
        match settings.sms_countries.check(contact) {
            Ok(()) => true,
            Err(error) => {
                self.errors.add_country(&error);
                false
            }
        }
    }

    /// A verification code to try.
    pub(super) fn code(&mut self, field: &Field) -> Option<CodeGuess> {
        self.short_text(field, CODE_MAX_CHARS).map(CodeGuess::new)
    }

    /// The contacts in `email` and `phone`, of which at least one is required. A field that is absent or null is not
    /// given; a blank one is given, and invalid.
    pub(super) fn email_or_phone(&mut self, settings: &HttpSettings) -> Vec<Contact> {
        let (email, phone) = (self.is_given(&EMAIL), self.is_given(&PHONE));
        if !email && !phone {
            for field in [&EMAIL, &PHONE] {
                self.require(field, "An e-mail address or a phone number is required.");
            }
        }
        let email = if email { self.email(&EMAIL) } else { None };
        let email = email.filter(|email| self.is_reached(&EMAIL, email, settings));
        let phone = if phone { self.phone(&PHONE, settings.default_region) } else { None };
        let phone = phone.filter(|phone| self.is_reached(&PHONE, phone, settings));
        email.into_iter().chain(phone).collect()
    }

    /// A password to check. The policy for new passwords does not apply to it.
    pub(super) fn password(&mut self, field: &Field, settings: &HttpSettings) -> Option<Password> {
        let password = Password::new(self.text(field)?);
        if settings.passwords.is_oversized(&password) {
            let max = settings.passwords.max_bytes;
            let message = format!("The {} must have at most {max} bytes.", field.label);
            self.errors.add(field, FieldError::new("too_long", message));
            return None;
        }
        Some(password)
    }

    /// A new password and its confirmation, checked by the password policy with the contacts and names of this request.
    pub(super) fn new_password(
        &mut self,
        [field, confirmation]: [&Field; 2],
        settings: &HttpSettings,
        contacts: &[Contact],
        names: &[PersonName],
    ) -> Option<Password> {
        let password = self.text(field).map(Password::new);
        let confirmed = self.text(confirmation).map(Password::new);
        if let Some(password) = &password {
            for error in settings.passwords.check(password, contacts, names).err().unwrap_or_default() {
                self.errors.add(field, FieldError::of_password(error, field));
            }
        }
        if let (Some(password), Some(confirmed)) = (&password, confirmed)
            && password.expose() != confirmed.expose()
        {
            let message = format!("The {} must be the same as the {}.", confirmation.label, field.label);
            self.errors.add(confirmation, FieldError::new("mismatch", message));
        }
        password
    }

    /// Adds the error that the new password is the existing one.
    pub(super) fn refuse_same_password(&mut self, field: &Field) {
        self.errors.add(field, FieldError::of_password(PasswordFlaw::SameAsCurrent, field));
    }
}

/// How to write a phone number.
fn digits(region: Region) -> String {
    format!("with + and the country's calling code (not needed in {region})")
}
