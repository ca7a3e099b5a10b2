//! `POST /admin/v1/users`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, LOCATION};
use asteroid_application::administration::{Administration, CreateUserError, CreationRequest, NewAccount};
use asteroid_identity::{ContactType, Password, PersonName};
use asteroid_kernel::{Contact, Region};
use serde::Deserialize;
use utoipa::ToSchema;

use super::AdminApi;
use super::authorization::{Authorized, UsersWrite};
use super::body::{JsonBody, wrong_name};
use super::users_password::weak_password;
use super::users_show;
use crate::admin::error::{AdminError, AdminResult, InvalidField, Problem};
use crate::admin::objects::UserDetailsObject;
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, HttpContext, OperationError};

/// The field that makes a creation safe to send again (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest idempotency key.
const MAX_KEY_BYTES: usize = 255;

pub(super) fn endpoint<D: Administration>() -> Endpoint {
    Endpoint::new(__path_create_user, create_user::<D>)
}

/// A user to create. The contacts count as verified.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"first_name": "George", "last_name": "Washington", "contacts": ["george@example.com"]}))]
pub(super) struct CreateUserBody {
    /// The first name; empty if unknown.
    #[serde(default)]
    first_name: String,
    /// The last name; empty if unknown.
    #[serde(default)]
    last_name: String,
    /// E-mail addresses and phone numbers, at least one. The first one of each kind is the primary one.
    contacts: Vec<String>,
    /// The type of the contacts, `personal` or `work`; `personal` by default.
    #[serde(rename = "type")]
    contact_type: Option<String>,
    /// The password. Without one, the user signs in by code, or sets one by a reset.
    #[schema(format = Password)]
    password: Option<String>,
}

impl CreateUserBody {
    fn account(self, region: Region) -> Result<NewAccount, AdminError> {
        let mut errors = wrong_name(&self.first_name, &self.last_name);
        let mut invalid = |field: String, detail: String| errors.push(InvalidField { field, detail });
        let mut contacts = Vec::new();
        for (index, text) in self.contacts.iter().enumerate() {
            match Contact::parse(text, region) {
                Ok(contact) => contacts.push(contact),
                Err(error) => invalid(format!("contacts[{index}]"), error.to_string()),
            }
        }
        let contact_type = match self.contact_type.as_deref() {
            None => Some(ContactType::Personal),
            Some(text) => ContactType::parse(text),
        };
        if contact_type.is_none() {
            invalid("type".to_owned(), "must be `personal` or `work`".to_owned());
        }
        let name = PersonName::partial(&self.first_name, &self.last_name);
        match (name, contact_type, errors.is_empty()) {
            (Ok(name), Some(contact_type), true) => Ok(NewAccount {
                name,
                contacts,
                contact_type,
                password: self.password.as_deref().map(Password::new),
            }),
            _ => Err(AdminError::Invalid(errors)),
        }
    }
}

/// Create User
///
/// Creates a user with verified contacts. With an `Idempotency-Key`, a request that is sent again within 24 hours creates no
/// second user: the answer has the first one.
#[utoipa::path(
    post, path = "/admin/v1/users", tag = "Users",
    params(("Idempotency-Key" = Option<String>, Header, description = "A text of your own that names this request, of up to 255 bytes")),
    request_body = CreateUserBody,
    responses(
        (status = 201, description = "The user was created", body = UserDetailsObject, headers(
            ("Location" = String, description = "The path of the user"),
            ("ETag" = String, description = "The version of the user, for `If-Match`"),
        )),
        (status = 409, description = "A user has one of the contacts", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn create_user<D: Administration>(
    mut context: HttpContext<AdminApi<D>>,
    (caller, JsonBody { bytes, body }): (Authorized<UsersWrite>, JsonBody<CreateUserBody>),
) -> AdminResult<CreateUserError> {
    let request = idempotency_key(&context)?.map(|key| CreationRequest::new(&caller.secret, &key, &bytes));
    let account = body.account(context.settings().default_region)?;
    let operator = caller.operator(&context);
    let user = context.call(|api| api.administration.create_user(account, request, operator)).await??;
    let details = users_show::details(&mut context, user).await?;
    let mut response = HttpResponse::Created();
    response.insert_header((LOCATION, format!("/admin/v1/users/{user}")));
    Ok(users_show::answer(response, &details))
}

/// The idempotency key of the request. The draft writes it as a quoted string; many clients do not.
fn idempotency_key<U: 'static>(context: &HttpContext<U>) -> Result<Option<String>, AdminError> {
    let mut fields = context.request().headers().get_all(IDEMPOTENCY_KEY);
    let (field, None) = (fields.next(), fields.next()) else { return Err(invalid_key()) };
    let Some(field) = field else { return Ok(None) };
    let text = field.to_str().map_err(|_| invalid_key())?.trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if (1..=MAX_KEY_BYTES).contains(&text.len()) { Ok(Some(text.to_owned())) } else { Err(invalid_key()) }
}

fn invalid_key() -> AdminError {
    AdminError::invalid("Idempotency-Key", format!("must be one text of 1 to {MAX_KEY_BYTES} bytes"))
}

impl OperationError for CreateUserError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::Invalid];
}

impl From<CreateUserError> for AdminError {
    fn from(error: CreateUserError) -> Self {
        match error {
            CreateUserError::NoContact => Self::invalid("contacts", "must have at least one contact"),
            CreateUserError::KeyReused => {
                Self::invalid("Idempotency-Key", "was used for a request with another content")
            }
            CreateUserError::ContactTaken(contact) => Self::Refused {
                status: StatusCode::CONFLICT,
                code: "CONTACT_TAKEN",
                detail: format!(
                    "The contact {} belongs to a user already, or is given twice.",
                    contact.as_str()
                ),
            },
            CreateUserError::WeakPassword(flaws) => weak_password(&flaws),
            CreateUserError::Hashing(error) => ApiError::from(error).into(),
            CreateUserError::Storage(error) => error.into(),
        }
    }
}
