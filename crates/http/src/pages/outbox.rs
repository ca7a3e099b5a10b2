use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use asteroid_application::development::{DevelopmentOutbox, ShownCode, ShownMessage};
use asteroid_kernel::Timestamp;
use asteroid_messaging::{Channel, OutboxState};

use super::render;
use crate::core::{ApiError, HttpContext, Surface, page as html_page};

/// How many messages the page shows. They hold codes, so no cache may store them.
const MAX_MESSAGES: usize = 50;
const NO_STORE: &str = "no-store";

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxTemplate {
    messages: Vec<MessageView>,
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
    match latest(&mut context).await.and_then(|messages| render(&OutboxTemplate { messages })) {
        Ok(html) => html_page(NO_STORE, html),
        Err(error) => S::answer(&error),
    }
}

/// The messages alone; 304 if the script has them already.
pub(super) async fn messages<S: Surface, O: DevelopmentOutbox>(mut context: HttpContext<O>) -> HttpResponse {
    let html = match latest(&mut context).await.and_then(|messages| render(&MessagesTemplate { messages })) {
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
        html_page(NO_STORE, html)
    };
    if let Ok(version) = HeaderValue::try_from(version) {
        response.headers_mut().insert(ETAG, version);
    }
    response
}

async fn latest<O: DevelopmentOutbox>(context: &mut HttpContext<O>) -> Result<Vec<MessageView>, ApiError> {
    let latest = context.call(|outbox| outbox.latest_messages(MAX_MESSAGES)).await??;
    Ok(latest.into_iter().map(MessageView::from).collect())
}
