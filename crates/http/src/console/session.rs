//! Who visits a page, and what a form of a page says.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::RequestHead;
use actix_web::http::Uri;
use actix_web::http::header::{HeaderName, HeaderValue, REFERER};
use asteroid_application::Operator;
use asteroid_application::administration::{Administration, ConsoleSession};
use asteroid_identity::SessionToken;

use super::{ConsoleContext, Frame, PageError};
use crate::core::{ApiError, BodyContent, is_of_own_origin, names_loopback_alone};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The name of the cookie where the connection of the browser is encrypted.
const SECURE_COOKIE: &str = "__Host-asteroid_console";
/// Its name on this machine, where browsers take no `__Host-` cookie without TLS.
const LOCAL_COOKIE: &str = "asteroid_console";

fn cookie_name(request: &RequestHead) -> &'static str {
    if names_loopback_alone(request) { LOCAL_COOKIE } else { SECURE_COOKIE }
}

/// The cookie of this session; without one, the cookie that ends the last.
pub(super) fn cookie(request: &HttpRequest, token: Option<&str>) -> Cookie<'static> {
    let mut cookie = Cookie::build(cookie_name(request.head()), token.unwrap_or_default().to_owned())
        .path("/")
        .http_only(true)
        .secure(!names_loopback_alone(request.head()))
        .same_site(SameSite::Strict)
        .finish();
    if token.is_none() {
        cookie.make_removal();
    }
    cookie
}

/// An administrator who visits the console.
pub(super) struct Visitor {
    pub(super) session: ConsoleSession,
    csrf: String,
}

impl Visitor {
    /// Who is signed in, if anyone is.
    pub(super) async fn find<A: 'static, D: Administration>(
        context: &mut ConsoleContext<A, D>,
    ) -> Result<Option<Self>, PageError> {
        let cookie = context.request().cookie(cookie_name(context.request().head()));
        let Some(token) = cookie.and_then(|cookie| SessionToken::parse(cookie.value())) else {
            return Ok(None);
        };
        let csrf = token.form_token();
        let session = context.call(|console| console.administration.console_session(token)).await??;
        Ok(session.map(|session| Self { session, csrf }))
    }

    /// Who is signed in. Anyone else signs in first, and comes back then.
    pub(super) async fn of<A: 'static, D: Administration>(
        context: &mut ConsoleContext<A, D>,
    ) -> Result<Self, PageError> {
        match Self::find(context).await? {
            Some(visitor) => Ok(visitor),
            None => Err(to_sign_in(context.request())),
        }
    }

    /// The frame of a page.
    pub(super) fn frame<A: 'static, D: 'static>(
        &self,
        context: &ConsoleContext<A, D>,
        here: &'static str,
    ) -> Frame {
        let name = self.session.profile.user.name.full();
        let operator = if name.is_empty() { format!("user {}", self.session.profile.user.id) } else { name };
        let done = query(context.request(), "done");
        let notice = NOTICES.iter().find(|(name, _)| *name == done).map(|(_, notice)| *notice);
        Frame { here, operator, csrf: self.csrf.clone(), notice }
    }

    /// The administrator as an operator. The audit trail knows users by their ids.
    pub(super) fn operator<A: 'static, D: 'static>(&self, context: &ConsoleContext<A, D>) -> Operator {
        Operator { name: format!("user {}", self.session.profile.user.id), origin: context.origin() }
    }

    /// Sends the visitor to sign in again, unless that was within ten minutes: what comes cannot be undone.
    pub(super) fn must_be_recent(&self, back: &str) -> Result<(), PageError> {
        if self.session.is_recent {
            return Ok(());
        }
        Err(PageError::SeeOther(sign_in_path(back, "again")))
    }

    /// The fields of a form of the console.
    pub(super) async fn form<A: 'static, D: 'static>(
        &self,
        context: &mut ConsoleContext<A, D>,
    ) -> Result<Form, PageError> {
        let form = Form::read(context).await?;
        // Both are digests of a secret: the time of the comparison tells nothing of it.
        if form.get("csrf") == self.csrf { Ok(form) } else { Err(PageError::ForeignForm) }
    }
}

/// What was done, by the name in the query.
const NOTICES: [(&str, &str); 14] = [
    ("create", "The user is created."),
    ("disable", "The user is disabled, and every session has ended."),
    ("enable", "The user is enabled."),
    ("unlock", "The failed attempts of the user are forgotten."),
    ("end-sessions", "The sessions of the user have ended."),
    ("end-session", "The session has ended."),
    ("require-reset", "The password is removed: the user has to reset it."),
    ("set-password", "The password is set, and the user is told."),
    ("grant-admin", "The user is an administrator."),
    ("revoke-admin", "The user is no administrator any more."),
    ("edit", "The name is changed."),
    ("delete", "The user is deleted."),
    ("retry", "The message waits again: a server delivers it within a second."),
    ("publish", "The version is in force: every user must accept it."),
];

/// Sends a visitor to the sign-in, and back here then. A form is lost: its page is shown again. One who comes from the sign-in
/// has signed in, with a browser that did not keep the cookie.
fn to_sign_in(request: &HttpRequest) -> PageError {
    let here = if request.method().is_safe() {
        request.uri().to_string()
    } else {
        request.path().rsplit_once('/').map_or("/admin/", |(page, _)| page).to_owned()
    };
    let referrer = request.headers().get(REFERER).and_then(|referrer| referrer.to_str().ok());
    let referrer: Option<Uri> = referrer.and_then(|referrer| referrer.parse().ok());
    let has_signed_in = referrer.is_some_and(|referrer| referrer.path() == "/admin/sign-in");
    PageError::SeeOther(sign_in_path(&here, if has_signed_in { "cookie" } else { "" }))
}

fn sign_in_path(back: &str, why: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("to", back);
    if !why.is_empty() {
        query.append_pair("why", why);
    }
    format!("/admin/sign-in?{}", query.finish())
}

/// A parameter of the query; empty if it is absent.
pub(super) fn query(request: &HttpRequest, name: &str) -> String {
    let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
    pairs.find(|(own, _)| own == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The fields of a form.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form that a page of this console sent. Browsers say so: a page of another origin cannot send another `Origin` or
    /// `Sec-Fetch-Site` than its own.
    pub(super) async fn read<A: 'static, D: 'static>(
        context: &mut ConsoleContext<A, D>,
    ) -> Result<Self, PageError> {
        if !is_own_form(context.request().head()) {
            return Err(PageError::ForeignForm);
        }
        match context.content().await? {
            BodyContent::Form(bytes) => Ok(Self(form_urlencoded::parse(&bytes).into_owned().collect())),
            BodyContent::Empty => Ok(Self(Vec::new())),
            BodyContent::Json(_) => Err(ApiError::UnsupportedMediaType.into()),
        }
    }

    /// A field; empty if it is absent.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }
}

fn is_own_form(request: &RequestHead) -> bool {
    let site = request.headers().get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    is_of_own_origin(request, &["https", "http"])
        && site.is_none_or(|site| site == b"same-origin" || site == b"none")
}
