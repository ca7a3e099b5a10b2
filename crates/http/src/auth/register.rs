//! `POST /v1/auth/register`

use asteroid_application::accounts::{Register, RegisterError, Registrations};
use asteroid_identity::{ContactType, Password, PersonName};
use asteroid_kernel::{Contact, Origin};
use serde_json::{Value, json};

use super::body::{BodySchema, RequestBody};
use super::error::{AuthError, AuthResult};
use super::fields::{CHOSEN_PASSWORD, EMAIL, FIRST_NAME, LAST_NAME, PASSWORD_CONFIRMATION, PHONE, TYPE};
use super::reply::{self, EmptyReply};
use super::validation::{BodyFields, ValidationErrors};
use crate::HttpSettings;
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, HttpContext, OperationError};

pub(super) fn endpoint<A: Registrations>() -> Endpoint {
    Endpoint::new(__path_register, register::<A>)
}

struct RegisterBody {
    name: PersonName,
    contact: Contact,
    contact_type: ContactType,
    password: Password,
}

impl RegisterBody {
    fn into_request(self, origin: Origin) -> Register {
        let Self { name, contact, contact_type, password } = self;
        Register { name, contact, contact_type, password, origin }
    }
}

impl RequestBody for RegisterBody {
    const SCHEMA: BodySchema = BodySchema {
        name: "RegisterBody",
        about: "A request to register with the system. Exactly one of `phone` and `email` must be given.",
        required: &[&FIRST_NAME, &LAST_NAME, &TYPE, &CHOSEN_PASSWORD, &PASSWORD_CONFIRMATION],
        optional: &[&PHONE, &EMAIL],
    };

    fn example() -> Value {
        json!({
            "first_name": "george", "last_name": "washington", "phone": "555-665-4345", "type": "personal",
            "password": "IWasTheFirstPrez1776", "password_confirmation": "IWasTheFirstPrez1776",
        })
    }

    fn read(fields: &mut BodyFields<'_>, settings: &HttpSettings) -> Option<Self> {
        let (first, last) = (fields.name_part(&FIRST_NAME), fields.name_part(&LAST_NAME));
        let mut contacts = fields.email_or_phone(settings);
        if fields.is_given(&EMAIL) && fields.is_given(&PHONE) {
            for field in [&EMAIL, &PHONE] {
                fields.refuse(field, "Either an e-mail address or a phone number must be given, not both.");
            }
        }
        let contact_type = fields.text(&TYPE).and_then(|text| {
            let contact_type = ContactType::parse(text);
            if contact_type.is_none() {
                fields.refuse(&TYPE, "The type must be work or personal.");
            }
            contact_type
        });
        let name = first.zip(last).and_then(|(first, last)| PersonName::new(&first, &last).ok());
        let password = fields.new_password(
            [&CHOSEN_PASSWORD, &PASSWORD_CONFIRMATION],
            settings,
            &contacts,
            name.as_slice(),
        );
        Some(Self { name: name?, contact: contacts.pop()?, contact_type: contact_type?, password: password? })
    }
}

/// Register
///
/// Start the registration process for a new user. The user must submit either a phone number or an email, but not
/// both. A verification message is sent there; upon successful verification, the new user is created.
#[utoipa::path(
    post, path = "/v1/auth/register", tag = "Authentication",
    responses((status = 200, description = "The code is on its way", body = EmptyReply))
)]
async fn register<A: Registrations>(
    mut context: HttpContext<A>,
    body: RegisterBody,
) -> AuthResult<RegisterError> {
    let request = body.into_request(context.origin());
    context.call(|accounts| accounts.register(request)).await??;
    Ok(reply::done())
}

impl OperationError for RegisterError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::Invalid, SharedResponse::TooManyRequests];
}

impl From<RegisterError> for AuthError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::WeakPassword(errors) => {
                Self::Invalid(ValidationErrors::of_password(&CHOSEN_PASSWORD, errors))
            }
            RegisterError::TooManyCodes { retry_after } => ApiError::TooManyRequests { retry_after }.into(),
            RegisterError::CountryNotServed(error) => Self::Invalid(ValidationErrors::of_country(&error)),
            RegisterError::Hashing(error) => Self::ApiError(error.into()),
            RegisterError::Storage(error) => error.into(),
        }
    }
}
