//! What the surface answers when all went well.

use actix_web::HttpResponse;
use asteroid_application::ports::{Caller, SignedIn};
use asteroid_identity::{Profile, Session, UserContact};
use asteroid_kernel::{ContactKind, Region};
use serde::Serialize;
use utoipa::ToSchema;

use crate::core;

/// An answer that has nothing to say, to clients that parse JSON from every answer.
#[derive(Serialize, ToSchema)]
pub(super) struct EmptyReply {}

/// A new session.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenReply {
    data: Token,
}

/// The token of a new session.
#[derive(Serialize, ToSchema)]
struct Token {
    /// The access token to be used to authenticate future requests.
    #[schema(example = "48a4034027374be582b936f7d58043af")]
    access_token: String,
    /// The datetime when the access token will expire.
    #[schema(format = DateTime, example = "2016-05-03T11:15:54.950Z")]
    expires: String,
}

impl From<SignedIn> for TokenReply {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            data: Token {
                access_token: signed_in.token.expose().to_owned(),
                expires: signed_in.expires_at.to_string(),
            },
        }
    }
}

/// The user who asks.
#[derive(Serialize, ToSchema)]
pub(super) struct MeReply {
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
    phones: Phones,
    emails: Emails,
}

/// Phone numbers, the primary one first.
#[derive(Serialize, ToSchema)]
struct Phones {
    data: Vec<PhoneItem>,
}

/// E-mail addresses, the primary one first.
#[derive(Serialize, ToSchema)]
struct Emails {
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
    pub(super) fn new(profile: &Profile, region: Region) -> Self {
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
            phones: Phones { data: of_kind(ContactKind::Phone).map(phone).collect() },
            emails: Emails { data: of_kind(ContactKind::Email).map(email).collect() },
        }
    }
}

/// The sessions of the user who asks, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionsReply {
    data: Vec<SessionItem>,
}

/// A session.
#[derive(Serialize, ToSchema)]
struct SessionItem {
    /// The id of the entity.
    #[schema(format = Uuid, example = "01540000-0000-7000-8000-000000000000")]
    id: String,
    /// When the user signed in.
    #[schema(format = DateTime, example = "2016-05-02T11:15:54.950Z")]
    created: String,
    /// When the session was last used, to the minute.
    #[schema(format = DateTime, example = "2016-05-02T12:21:25.858Z")]
    last_used: String,
    /// What the client called itself at sign-in.
    #[schema(required = true, example = "Mozilla/5.0")]
    user_agent: Option<String>,
    /// The address from which the user signed in.
    #[schema(required = true, example = "198.51.100.7")]
    ip: Option<String>,
    /// Whether it is the session that asks.
    current: bool,
}

impl SessionsReply {
    pub(super) fn new(sessions: Vec<Session>, caller: Caller) -> Self {
        let item = |session: Session| SessionItem {
            id: session.id.to_string(),
            created: session.created_at.to_string(),
            last_used: session.last_used_at.to_string(),
            user_agent: session.origin.user_agent,
            ip: session.origin.ip.map(|ip| ip.to_string()),
            current: session.id == caller.session,
        };
        Self { data: sessions.into_iter().map(item).collect() }
    }
}

/// 200 with a body.
pub(super) fn ok(body: &impl Serialize) -> HttpResponse {
    core::json(HttpResponse::Ok(), body)
}

/// 200 with nothing to say.
pub(super) fn done() -> HttpResponse {
    ok(&EmptyReply {})
}

/// 204.
pub(super) fn no_content() -> HttpResponse {
    HttpResponse::NoContent().finish()
}
