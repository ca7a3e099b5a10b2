use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use asteroid_application::ports::development::{DevelopmentOutbox, ShownCode, ShownMessage};
use asteroid_kernel::Timestamp;
use asteroid_messaging::{Channel, OutboxState};

use super::render;
use crate::core::{ApiError, HttpContext, Surface, page as html_page};

/// So many messages are shown; they carry codes, and are kept by nobody.
const SHOWN: usize = 50;
const NOT_KEPT: &str = "no-store";

#[derive(Template)]
#[template(path = "outbox.html")]
struct Page {
    messages: Vec<Shown>,
}

/// What the page's script asks for again and again.
#[derive(Template)]
#[template(path = "messages.html")]
struct Messages {
    messages: Vec<Shown>,
}

/// A message as the page shows it.
struct Shown {
    id: String,
    /// What it is about, in message.
    what: String,
    to: String,
    channel: &'static str,
    created: Moment,
    fate: Fate,
    code: Option<CodeLine>,
    subject: Option<String>,
    body: Option<String>,
}

/// A time, for programs and for people.
struct Moment {
    rfc3339: String,
    text: String,
}

struct Fate {
    /// `waiting`, `delivered`, `failed`.
    name: &'static str,
    text: String,
}

enum CodeLine {
    Works { code: String, until: Moment },
    Gone(&'static str),
}

impl From<Timestamp> for Moment {
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

impl From<ShownMessage> for Shown {
    fn from(ShownMessage { message, attempts, state, text, code }: ShownMessage) -> Self {
        let fate = match &state {
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
            fate: Fate { name: state.kind().as_str(), text: fate },
            code: code.map(CodeLine::from),
            subject,
            body,
        }
    }
}

impl From<ShownCode> for CodeLine {
    fn from(code: ShownCode) -> Self {
        match code {
            ShownCode::Works { code, until } => {
                Self::Works { code: code.expose().to_owned(), until: until.into() }
            }
            ShownCode::Spent => Self::Gone("The code was used, or ended with another one."),
            ShownCode::Guessed => Self::Gone("Too many wrong codes were tried: this one no longer works."),
            ShownCode::Expired => Self::Gone("The code has expired."),
            ShownCode::Lost => Self::Gone("The key of the code is no longer in the key ring."),
        }
    }
}

/// `registration_code` as people write it.
fn in_words(name: &str) -> String {
    let mut characters = name.chars().map(|character| if character == '_' { ' ' } else { character });
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}

/// The messages of the server, as a page.
pub(super) async fn page<S: Surface, O: DevelopmentOutbox>(mut context: HttpContext<O>) -> HttpResponse {
    match latest(&mut context).await.and_then(|messages| render(&Page { messages })) {
        Ok(html) => html_page(NOT_KEPT, html),
        Err(error) => S::answer(&error),
    }
}

/// The messages alone, unless they are those that the script knows.
pub(super) async fn messages<S: Surface, O: DevelopmentOutbox>(mut context: HttpContext<O>) -> HttpResponse {
    let html = match latest(&mut context).await.and_then(|messages| render(&Messages { messages })) {
        Ok(html) => html,
        Err(error) => return S::answer(&error),
    };
    let mut hasher = DefaultHasher::new();
    html.hash(&mut hasher);
    let version = format!("\"{:016x}\"", hasher.finish());
    let known = context.request().headers().get(IF_NONE_MATCH);
    let mut response = if known.is_some_and(|known| known.as_bytes() == version.as_bytes()) {
        HttpResponseBuilder::new(StatusCode::NOT_MODIFIED).insert_header((CACHE_CONTROL, NOT_KEPT)).finish()
    } else {
        html_page(NOT_KEPT, html)
    };
    if let Ok(version) = HeaderValue::try_from(version) {
        response.headers_mut().insert(ETAG, version);
    }
    response
}

async fn latest<O: DevelopmentOutbox>(context: &mut HttpContext<O>) -> Result<Vec<Shown>, ApiError> {
    let latest = context.call(|outbox| outbox.latest_messages(SHOWN)).await??;
    Ok(latest.into_iter().map(Shown::from).collect())
}
