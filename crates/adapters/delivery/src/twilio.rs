use std::fmt;

use asteroid_kernel::Contact;
use asteroid_messaging::{DeliveryError, MessageTransport, OutgoingMessage};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use url::form_urlencoded;

use crate::http::{HttpClient, HttpError, HttpResponse};
use crate::url::{Sender, TwilioUrl};

/// Hands SMS to Twilio's Messages API, or to whoever speaks it.
pub struct TwilioTransport {
    endpoint: Url,
    authorization: HeaderValue,
    sender: Sender,
    http: HttpClient,
}

/// Says the same over all tries, so that a request whose answer was lost can be known again.
const IDEMPOTENCY: HeaderName = HeaderName::from_static("i-twilio-idempotency-token");

/// What is wrong with the number itself: it is invalid (21211), a short code (21265), a premium service (21268), of
/// somebody who wants no messages (21610), no mobile phone (21614), or a landline (21635). Each has a page at
/// <https://www.twilio.com/docs/api/errors>.
const BAD_NUMBER: [u32; 6] = [21211, 21265, 21268, 21610, 21614, 21635];

/// Why Twilio did not take a message on. Its own words are left out: they repeat the number.
#[derive(Debug, thiserror::Error)]
enum TwilioFailure {
    #[error("an SMS goes to a phone number")]
    NoPhone,
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("{0}")]
    Refused(Refusal),
}

#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: Option<u32>,
    retry_after: Option<u32>,
}

/// The body of a refusal.
#[derive(Deserialize)]
struct Problem {
    code: u32,
}

impl TwilioTransport {
    /// Hands SMS to the API at this URL.
    ///
    /// # Panics
    ///
    /// Never: base64 fits a header.
    #[must_use]
    pub fn new(url: &TwilioUrl) -> Self {
        let login = STANDARD.encode(format!("{}:{}", url.account, url.token.0));
        let mut authorization =
            HeaderValue::try_from(format!("Basic {login}")).expect("base64 fits a header");
        authorization.set_sensitive(true);
        Self {
            endpoint: url.endpoint.clone(),
            authorization,
            sender: url.sender.clone(),
            http: HttpClient::new(None),
        }
    }

    async fn send(&self, message: &OutgoingMessage) -> Result<(), TwilioFailure> {
        let Contact::Phone(to) = &message.to else { return Err(TwilioFailure::NoPhone) };
        let (name, sender) = match &self.sender {
            Sender::From(number) => ("From", number),
            Sender::Service(sid) => ("MessagingServiceSid", sid),
        };
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", to.e164())
            .append_pair(name, sender)
            .append_pair("Body", &message.body)
            .finish();
        let id = HeaderValue::try_from(message.id.to_string()).expect("a UUID fits a header");
        let headers = [
            (AUTHORIZATION, self.authorization.clone()),
            (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
            (IDEMPOTENCY, id),
        ];
        let answer = self.http.post(&self.endpoint, headers, form.into_bytes()).await?;
        if answer.status.is_success() { Ok(()) } else { Err(TwilioFailure::Refused(answer.into())) }
    }
}

impl MessageTransport for TwilioTransport {
    async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError> {
        self.send(message).await.map_err(|failure| match &failure {
            TwilioFailure::NoPhone => DeliveryError::Permanent(failure.into()),
            TwilioFailure::Refused(refusal) if refusal.is_for_good() => {
                DeliveryError::Permanent(failure.into())
            }
            TwilioFailure::Refused(_) | TwilioFailure::Http(_) => DeliveryError::Passing(failure.into()),
        })
    }
}

impl From<HttpResponse> for Refusal {
    fn from(answer: HttpResponse) -> Self {
        let code = serde_json::from_slice(&answer.body).ok().map(|problem: Problem| problem.code);
        Self { status: answer.status, code, retry_after: answer.retry_after }
    }
}

impl Refusal {
    /// Whether the number is at fault. All else may pass, or be set right by an operator.
    fn is_for_good(&self) -> bool {
        matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND)
            && self.code.is_some_and(|code| BAD_NUMBER.contains(&code))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Twilio answered {}", self.status.as_u16())?;
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                f.write_str(": check the account SID, its token, and what the account may do")?;
            }
            StatusCode::TOO_MANY_REQUESTS => f.write_str(": too many requests")?,
            status if status.is_redirection() => f.write_str(": redirects are not followed")?,
            _ => {}
        }
        if let Some(code) = self.code {
            write!(f, " (error {code}, see https://www.twilio.com/docs/api/errors/{code})")?;
        }
        if let Some(seconds) = self.retry_after {
            write!(f, ", and asks to wait {seconds} s")?;
        }
        Ok(())
    }
}

impl fmt::Debug for TwilioTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioTransport").field("endpoint", &self.endpoint.as_str()).finish_non_exhaustive()
    }
}
