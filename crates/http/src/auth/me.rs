//! `GET /v1/auth/me`

use asteroid_application::ports::{Caller, Profiles, Sessions};
use asteroid_identity::{Profile, UserContact};
use asteroid_kernel::{ContactKind, Region};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{AuthError, AuthResult};
use super::reply;
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, HttpContext, OperationError};

pub(super) fn endpoint<A: Sessions + Profiles>() -> Endpoint {
    Endpoint::new(__path_me, me::<A>)
}

/// Me
///
/// Get the currently logged in user's information.
#[utoipa::path(
    get, path = "/v1/auth/me", tag = "Authentication",
    responses((status = 200, description = "The user", body = MeReply))
)]
async fn me<A: Sessions + Profiles>(mut context: HttpContext<A>, caller: Caller) -> AuthResult<MeError> {
    let profile = context.call(|accounts| accounts.profile(caller)).await??;
    let profile = profile.ok_or(MeError::UserGone)?;
    Ok(reply::ok(&MeReply::new(&profile, context.settings().default_region)))
}

enum MeError {
    /// The user was deleted after the token was checked.
    UserGone,
}

impl OperationError for MeError {
    const RESPONSES: &'static [SharedResponse] = &[SharedResponse::Unauthenticated];
}

impl From<MeError> for AuthError {
    fn from(error: MeError) -> Self {
        match error {
            MeError::UserGone => ApiError::Unauthenticated { token_sent: true }.into(),
        }
    }
}

/// The caller.
#[derive(Serialize, ToSchema)]
struct MeReply {
    /// The id of the entity.
    #[schema(example = 1)]
    id: i64,
    /// User First Name.
    #[schema(example = "George")]
    first_name: String,
    /// User Last Name.
    #[schema(example = "Washington")]
    last_name: String,
    /// The date of the user's last successful login.
    #[schema(required = true, format = DateTime, example = "2016-05-03T12:21:25.858Z")]
    last_login: Option<String>,
    phones: PhoneList,
    emails: EmailList,
}

/// Phone numbers, the primary one first.
#[derive(Serialize, ToSchema)]
#[schema(as = Phones)]
struct PhoneList {
    data: Vec<PhoneItem>,
}

/// E-mail addresses, the primary one first.
#[derive(Serialize, ToSchema)]
#[schema(as = Emails)]
struct EmailList {
    data: Vec<EmailItem>,
}

/// A verified phone number.
#[derive(Serialize, ToSchema)]
struct PhoneItem {
    /// The id of the entity.
    #[schema(example = 1)]
    id: i64,
    /// National digits if it is a number of the server's region, else E.164.
    #[schema(example = "5556439875")]
    phone: String,
    /// `work` or `personal`.
    #[schema(example = "work")]
    phone_type: &'static str,
    /// Whether it is the first to be used.
    #[schema(example = true)]
    primary: bool,
}

/// A verified e-mail address.
#[derive(Serialize, ToSchema)]
struct EmailItem {
    /// The id of the entity.
    #[schema(example = 1)]
    id: i64,
    /// The address, as its owner wrote it.
    #[schema(example = "george.washington@example.com")]
    email: String,
    /// `work` or `personal`.
    #[schema(example = "work")]
    email_type: &'static str,
    /// Whether it is the first to be used.
    #[schema(example = true)]
    primary: bool,
}

impl MeReply {
    fn new(profile: &Profile, region: Region) -> Self {
        let of_kind = |kind| profile.contacts.iter().filter(move |contact| contact.contact.kind() == kind);
        let phone = |contact: &UserContact| PhoneItem {
            id: contact.id.0,
            phone: contact.contact.shown(region),
            phone_type: contact.contact_type.as_str(),
            primary: contact.primary,
        };
        let email = |contact: &UserContact| EmailItem {
            id: contact.id.0,
            email: contact.contact.shown(region),
            email_type: contact.contact_type.as_str(),
            primary: contact.primary,
        };
        Self {
            id: profile.user.id.0,
            first_name: profile.user.name.first().to_owned(),
            last_name: profile.user.name.last().to_owned(),
            last_login: profile.user.last_login.map(|time| time.to_string()),
            phones: PhoneList { data: of_kind(ContactKind::Phone).map(phone).collect() },
            emails: EmailList { data: of_kind(ContactKind::Email).map(email).collect() },
        }
    }
}
