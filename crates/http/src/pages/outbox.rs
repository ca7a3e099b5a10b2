use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH, LOCATION, ORIGIN, REFERRER_POLICY,
};
use actix_web::web::Query;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use asteroid_application::development::{DevelopmentOutbox, ShownCode, ShownMessage, ShownText};
use asteroid_kernel::Timestamp;
use asteroid_messaging::{Channel, OutboxState};
use serde::{Deserialize, Serialize};

use super::local::is_local;
use super::render;
use crate::core::{ApiError, HttpContext, Surface, is_of_own_origin, json, page_with_policy};

/// How many of the latest messages are searched.
const MAX_SEARCHED: usize = 1000;
/// How many messages are shown unless the query has a `limit`.
const DEFAULT_LIMIT: usize = 200;
/// Messages hold codes, so no cache may store them.
const NO_STORE: &str = "no-store";

/// The policy of the page: forms go to this server, and frames show e-mails of this server.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                           connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; \
                           frame-ancestors 'none'";
/// The policy of an e-mail: no script, no form, nothing from elsewhere, and an origin of its own.
const EMAIL_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                            form-action 'none'; frame-ancestors 'self'";

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxTemplate {
    filter: Filter,
    messages: Vec<MessageView>,
}

/// Which messages are shown, by the query of the URL. An empty field selects all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    /// A text in the recipient, the subject, the text, the code or the kind, in any case.
    q: String,
    /// `email` or `sms`.
    channel: String,
    /// `waiting`, `delivered` or `failed`.
    state: String,
    /// The most messages.
    limit: Option<usize>,
}

impl Filter {
    fn of<O: DevelopmentOutbox>(context: &HttpContext<O>) -> Self {
        Query::from_query(context.request().query_string()).map(Query::into_inner).unwrap_or_default()
    }

    fn selects(&self, shown: &ShownMessage) -> bool {
        let ShownMessage { message, state, text, code, .. } = shown;
        let words = self.q.trim().to_lowercase();
        let mut fields = vec![message.to.as_str().to_owned(), message.kind.as_str().to_owned()];
        if let Some(ShownText { subject, body, .. }) = text {
            fields.extend(subject.iter().cloned());
            fields.push(body.clone());
        }
        if let Some(ShownCode::Works { code, .. }) = code {
            fields.push(code.expose().to_owned());
        }
        (self.channel.is_empty() || self.channel == message.channel().as_str())
            && (self.state.is_empty() || self.state == state.kind().as_str())
            && fields.iter().any(|field| field.to_lowercase().contains(&words))
    }
}

/// A message, for programs.
#[derive(Serialize)]
struct MessageObject {
    id: String,
    created_at: String,
    channel: &'static str,
    to: String,
    kind: &'static str,
    state: &'static str,
    attempts: u32,
    /// Why it failed.
    reason: Option<String>,
    /// The code, if it still works.
    code: Option<String>,
    code_works_until: Option<String>,
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
}

impl From<ShownMessage> for MessageObject {
    fn from(ShownMessage { message, attempts, state, text, code }: ShownMessage) -> Self {
        let (code, code_works_until) = match code {
            Some(ShownCode::Works { code, until }) => {
                (Some(code.expose().to_owned()), Some(until.to_string()))
            }
            _ => (None, None),
        };
        let kind = state.kind().as_str();
        let reason = match state {
            OutboxState::Failed { reason, .. } => Some(reason),
            OutboxState::Waiting { .. } | OutboxState::Delivered { .. } => None,
        };
        let (subject, text, html) = match text {
            Some(ShownText { subject, body, html }) => (subject, Some(body), html),
            None => (None, None, None),
        };
        Self {
            id: message.id.to_string(),
            created_at: message.created_at.to_string(),
            channel: message.channel().as_str(),
            to: message.to.as_str().to_owned(),
            kind: message.kind.as_str(),
            state: kind,
            attempts,
            reason,
            code,
            code_works_until,
            subject,
            text,
            html,
        }
    }
}

/// The part of the page that its script polls.
#[derive(Template)]
#[template(path = "messages.html")]
struct MessagesTemplate {
    messages: Vec<MessageView>,
}

/// A message as the page shows it.
struct MessageView {
    id: String,
    /// The kind of the message, as a label.
    what: String,
    to: String,
    channel: &'static str,
    created: DisplayTime,
    status: DeliveryStatus,
    code: Option<CodeView>,
    subject: Option<String>,
    body: Option<String>,
    has_html: bool,
}

/// A time, for programs and for people.
struct DisplayTime {
    rfc3339: String,
    text: String,
}

struct DeliveryStatus {
    /// `waiting`, `delivered`, `failed`.
    name: &'static str,
    text: String,
}

enum CodeView {
    Valid { code: String, until: DisplayTime },
    Unusable(&'static str),
}

impl From<Timestamp> for DisplayTime {
    fn from(at: Timestamp) -> Self {
        let rfc3339 = at.to_string();
        // 2016-05-03T11:15:54.950Z
        let text = match (rfc3339.get(..10), rfc3339.get(11..19)) {
            (Some(date), Some(time)) => format!("{date} {time} UTC"),
            _ => rfc3339.clone(),
        };
        Self { rfc3339, text }
    }
}

impl From<ShownMessage> for MessageView {
    fn from(ShownMessage { message, attempts, state, text, code }: ShownMessage) -> Self {
        let status = match &state {
            OutboxState::Waiting { .. } => match attempts {
                0 => "not delivered yet".to_owned(),
                1 => "not delivered yet, tried once".to_owned(),
                times => format!("not delivered yet, tried {times} times"),
            },
            OutboxState::Delivered { .. } => "delivered".to_owned(),
            OutboxState::Failed { reason, .. } => format!("not delivered: {reason}"),
        };
        let has_html = text.as_ref().is_some_and(|text| text.html.is_some());
        let (subject, body) = text.map_or((None, None), |text| (text.subject, Some(text.body)));
        Self {
            id: message.id.to_string(),
            what: in_words(message.kind.as_str()),
            to: message.to.as_str().to_owned(),
            channel: match message.channel() {
                Channel::Email => "E-mail",
                Channel::Sms => "SMS",
            },
            created: message.created_at.into(),
            status: DeliveryStatus { name: state.kind().as_str(), text: status },
            code: code.map(CodeView::from),
            subject,
            body,
            has_html,
        }
    }
}

impl From<ShownCode> for CodeView {
    fn from(code: ShownCode) -> Self {
        match code {
            ShownCode::Works { code, until } => {
                Self::Valid { code: code.expose().to_owned(), until: until.into() }
            }
            ShownCode::Spent => Self::Unusable("The code was used, or ended with another one."),
            ShownCode::Guessed => {
                Self::Unusable("Too many wrong codes were tried: this one no longer works.")
            }
            ShownCode::Expired => Self::Unusable("The code has expired."),
            ShownCode::Lost => Self::Unusable("The key of the code is no longer in the key ring."),
        }
    }
}

/// `registration_code` as a label: `Registration code`.
fn in_words(name: &str) -> String {
    let mut characters = name.chars().map(|character| if character == '_' { ' ' } else { character });
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}

/// The page with the messages of the server.
pub(super) async fn page<S: Surface, O: DevelopmentOutbox>(mut context: HttpContext<O>) -> HttpResponse {
    let filter = Filter::of(&context);
    let page = views(&mut context).await.and_then(|messages| render(&OutboxTemplate { filter, messages }));
    match page {
        Ok(html) => {
            let mut response = page_with_policy(PAGE_POLICY, NO_STORE, html);
            // Without a referrer, browsers call the origin of the page's form `null`.
            response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
            response
        }
        Err(error) => S::answer(&error),
    }
}

/// The messages, for programs.
pub(super) async fn list<S: Surface, O: DevelopmentOutbox>(mut context: HttpContext<O>) -> HttpResponse {
    match latest(&mut context).await {
        Ok(messages) => {
            let messages: Vec<MessageObject> = messages.into_iter().map(MessageObject::from).collect();
            let mut response = HttpResponse::Ok();
            response.insert_header((CACHE_CONTROL, NO_STORE));
            json(response, &serde_json::json!({ "messages": messages }))
        }
        Err(error) => S::answer(&error),
    }
}

/// The HTML of an e-mail, in a sandbox. Only an e-mail whose code still works has one.
pub(super) async fn html<S: Surface, O: DevelopmentOutbox>(mut context: HttpContext<O>) -> HttpResponse {
    let id = context.request().match_info().get("id").unwrap_or_default().to_owned();
    let searched = match searched(&mut context).await {
        Ok(searched) => searched,
        Err(error) => return S::answer(&error),
    };
    let found = searched.into_iter().find(|shown| shown.message.id.to_string() == id);
    match found.and_then(|shown| shown.text).and_then(|text| text.html) {
        Some(html) => page_with_policy(EMAIL_POLICY, NO_STORE, html),
        None => S::answer(&ApiError::NotFound),
    }
}

/// Hides the messages, for programs.
pub(super) async fn delete<S: Surface, O: DevelopmentOutbox>(mut context: HttpContext<O>) -> HttpResponse {
    match hide_all(&mut context).await {
        Ok(()) => HttpResponse::NoContent().insert_header((CACHE_CONTROL, NO_STORE)).finish(),
        Err(error) => S::answer(&error),
    }
}

/// Hides the messages, and goes back to the page.
pub(super) async fn clear<S: Surface, O: DevelopmentOutbox>(mut context: HttpContext<O>) -> HttpResponse {
    match hide_all(&mut context).await {
        Ok(()) => HttpResponse::SeeOther()
            .insert_header((LOCATION, "/dev/outbox"))
            .insert_header((CACHE_CONTROL, NO_STORE))
            .finish(),
        Err(error) => S::answer(&error),
    }
}

/// Whether the request comes from this machine, and from no page of another origin.
pub(super) fn is_own_form(request: &RequestHead) -> bool {
    let mut without_origin = request.clone();
    without_origin.headers_mut().remove(ORIGIN);
    is_of_own_origin(request, &["http"]) && is_local(&without_origin)
}

/// The messages alone; 304 if the script has them already.
pub(super) async fn messages<S: Surface, O: DevelopmentOutbox>(mut context: HttpContext<O>) -> HttpResponse {
    let html = match views(&mut context).await.and_then(|messages| render(&MessagesTemplate { messages })) {
        Ok(html) => html,
        Err(error) => return S::answer(&error),
    };
    let mut hasher = DefaultHasher::new();
    html.hash(&mut hasher);
    let version = format!("\"{:016x}\"", hasher.finish());
    let known = context.request().headers().get(IF_NONE_MATCH);
    let mut response = if known.is_some_and(|known| known.as_bytes() == version.as_bytes()) {
        HttpResponseBuilder::new(StatusCode::NOT_MODIFIED).insert_header((CACHE_CONTROL, NO_STORE)).finish()
    } else {
        page_with_policy(PAGE_POLICY, NO_STORE, html)
    };
    if let Ok(version) = HeaderValue::try_from(version) {
        response.headers_mut().insert(ETAG, version);
    }
    response
}

async fn views<O: DevelopmentOutbox>(context: &mut HttpContext<O>) -> Result<Vec<MessageView>, ApiError> {
    Ok(latest(context).await?.into_iter().map(MessageView::from).collect())
}

async fn searched<O: DevelopmentOutbox>(context: &mut HttpContext<O>) -> Result<Vec<ShownMessage>, ApiError> {
    Ok(context.call(|outbox| outbox.latest_messages(MAX_SEARCHED)).await??)
}

async fn hide_all<O: DevelopmentOutbox>(context: &mut HttpContext<O>) -> Result<(), ApiError> {
    Ok(context.call(DevelopmentOutbox::clear).await??)
}

/// The latest messages that the query selects.
async fn latest<O: DevelopmentOutbox>(context: &mut HttpContext<O>) -> Result<Vec<ShownMessage>, ApiError> {
    let filter = Filter::of(context);
    let mut latest = searched(context).await?;
    latest.retain(|shown| filter.selects(shown));
    latest.truncate(filter.limit.unwrap_or(DEFAULT_LIMIT));
    Ok(latest)
}
