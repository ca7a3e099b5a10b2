//! SMS by Twilio's Messages API.

use std::fmt;

use asteroid_kernel::{BoxError, Contact};
use asteroid_messaging::{DeliveryError, MessageTransport, OutgoingMessage};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Deserialize;
use url::{Host, Url, form_urlencoded};

use crate::http::{HttpClient, HttpError, HttpResponse};
use crate::url::{DeliveryUrlError, ProviderUrl, ProviderUrlProblem, UrlSecret, encoded, is_loopback};

const EXAMPLE: &str = "twilio://ACCOUNT_SID:AUTH_TOKEN@api.twilio.com?from=%2B15005550006";

/// Has the same value in every attempt, so that Twilio recognises a request whose response was lost.
const IDEMPOTENCY_TOKEN: HeaderName = HeaderName::from_static("i-twilio-idempotency-token");

/// The errors that the phone number causes: not valid (21211), a short code (21265), a premium service (21268),
/// unsubscribed (21610), not a mobile phone (21614), a landline (21635). Each has a page at
/// <https://www.twilio.com/docs/api/errors>.
const PHONE_NUMBER_ERRORS: [u32; 6] = [21211, 21265, 21268, 21610, 21614, 21635];

/// `twilio://ACCOUNT_SID:AUTH_TOKEN@api.twilio.com?from=%2B15005550006`: Twilio's API for SMS.
///
/// `from` is a number or an alphanumeric sender. In its place, `messaging_service_sid` names a messaging service,
/// which chooses the sender. Every part is percent-encoded. `twilio+http://…` uses plain HTTP, for a stand-in on this
/// machine.
#[derive(Clone, PartialEq, Eq)]
pub struct TwilioUrl {
    is_plain_http: bool,
    host: Host,
    port: Option<u16>,
    /// The URL of the Messages resource.
    pub(super) endpoint: Url,
    /// The URL of the Account resource.
    account_endpoint: Url,
    pub(super) account: String,
    pub(super) token: UrlSecret<String>,
    pub(super) sender: TwilioSender,
}

/// The sender of an SMS.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum TwilioSender {
    /// A number or an alphanumeric sender.
    From(String),
    /// The SID of a messaging service.
    MessagingService(String),
}

impl TwilioUrl {
    pub(super) fn parse(text: &str) -> Result<Self, DeliveryUrlError> {
        let mut url = ProviderUrl::parse(text, EXAMPLE)?;
        let is_plain_http = text.split(':').next().is_some_and(|scheme| scheme.contains('+'));
        let host = url.host()?;
        if is_plain_http && !is_loopback(&host) {
            return Err(url.error(ProviderUrlProblem::PlainHttp));
        }
        let (account, token) = url.credentials()?.ok_or_else(|| {
            url.error(ProviderUrlProblem::Invalid("the account SID and the auth token are missing"))
        })?;
        if !account.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(url.error(ProviderUrlProblem::Invalid(
                "the account is not a SID, which has letters and digits only",
            )));
        }
        url.no_path()?;
        let sender = match (url.take("from")?, url.take("messaging_service_sid")?) {
            (Some(from), None) => TwilioSender::From(from),
            (None, Some(service)) => TwilioSender::MessagingService(service),
            (Some(_), Some(_)) => {
                return Err(url.error(ProviderUrlProblem::Conflicting("from", "messaging_service_sid")));
            }
            (None, None) => return Err(url.error(ProviderUrlProblem::Missing("from"))),
        };
        url.no_more_parameters("`from=` and `messaging_service_sid=`")?;
        let (port, scheme) = (url.port(), if is_plain_http { "http" } else { "https" });
        let authority = port.map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
        let resource = |path: &str| {
            let resource = format!("{scheme}://{authority}/2010-04-01/Accounts/{account}{path}.json");
            Url::parse(&resource).map_err(|_| url.error(ProviderUrlProblem::Syntax))
        };
        let (endpoint, account_endpoint) = (resource("/Messages")?, resource("")?);
        Ok(Self {
            is_plain_http,
            host,
            port,
            endpoint,
            account_endpoint,
            account,
            token: UrlSecret(token),
            sender,
        })
    }

    /// Whether requests go without TLS.
    pub(super) const fn is_plain_http(&self) -> bool {
        self.is_plain_http
    }
}

impl fmt::Display for TwilioUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_plain_http { "twilio+http" } else { "twilio" };
        write!(f, "{scheme}://{}:***@{}", self.account, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        match &self.sender {
            TwilioSender::From(from) => write!(f, "?from={}", encoded(from)),
            TwilioSender::MessagingService(sid) => write!(f, "?messaging_service_sid={}", encoded(sid)),
        }
    }
}

impl fmt::Debug for TwilioUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TwilioUrl({self})")
    }
}

/// Sends SMS by Twilio's Messages API, or by a server with the same API.
///
/// Permanent failures: 400 or 404 with an error code that concerns the phone number.
pub struct TwilioTransport {
    endpoint: Url,
    account_endpoint: Url,
    authorization: HeaderValue,
    sender: TwilioSender,
    http: HttpClient,
}

/// Why an SMS was not sent. Twilio's own message is left out: it repeats the phone number.
#[derive(Debug, thiserror::Error)]
enum TwilioError {
    #[error("an SMS goes to a phone number")]
    NotAPhoneNumber,
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("{0}")]
    Api(TwilioApiError),
    #[error("the account is not active: it is suspended or closed")]
    InactiveAccount,
}

/// An error response of Twilio's API.
#[derive(Debug)]
struct TwilioApiError {
    status: StatusCode,
    code: Option<u32>,
    retry_after: Option<u32>,
}

/// The Account resource.
#[derive(Deserialize)]
struct TwilioAccount {
    status: String,
}

/// The body of an error response.
#[derive(Deserialize)]
struct TwilioErrorBody {
    code: u32,
}

impl TwilioTransport {
    /// Sends SMS by the API at this URL.
    ///
    /// # Panics
    ///
    /// Never: a header may contain base64.
    #[must_use]
    pub fn new(url: &TwilioUrl) -> Self {
        let credentials = STANDARD.encode(format!("{}:{}", url.account, url.token.0));
        let mut authorization =
            HeaderValue::try_from(format!("Basic {credentials}")).expect("a header may contain base64");
        authorization.set_sensitive(true);
        Self {
            endpoint: url.endpoint.clone(),
            account_endpoint: url.account_endpoint.clone(),
            authorization,
            sender: url.sender.clone(),
            http: HttpClient::new(None),
        }
    }

    /// Reads the account, which needs valid credentials. The sender is not checked: only a message would show it.
    pub(super) async fn check_connection(&self) -> Result<&'static str, BoxError> {
        let headers = [(AUTHORIZATION, self.authorization.clone())];
        let response = self.http.get(&self.account_endpoint, headers).await.map_err(TwilioError::from)?;
        if !response.status.is_success() {
            return Err(TwilioError::Api(response.into()).into());
        }
        match serde_json::from_slice(&response.body) {
            Ok(TwilioAccount { status }) if status != "active" => Err(TwilioError::InactiveAccount.into()),
            _ => Ok("the credentials are valid; no SMS was sent"),
        }
    }

    async fn send(&self, message: &OutgoingMessage) -> Result<(), TwilioError> {
        let Contact::Phone(to) = &message.to else { return Err(TwilioError::NotAPhoneNumber) };
        let (parameter, sender) = match &self.sender {
            TwilioSender::From(from) => ("From", from),
            TwilioSender::MessagingService(sid) => ("MessagingServiceSid", sid),
        };
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", to.e164())
            .append_pair(parameter, sender)
            .append_pair("Body", &message.body)
            .finish();
        let id = HeaderValue::try_from(message.id.to_string()).expect("a header may contain a UUID");
        let headers = [
            (AUTHORIZATION, self.authorization.clone()),
            (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
            (IDEMPOTENCY_TOKEN, id),
        ];
        let response = self.http.post(&self.endpoint, headers, form.into_bytes()).await?;
        if response.status.is_success() { Ok(()) } else { Err(TwilioError::Api(response.into())) }
    }
}

impl MessageTransport for TwilioTransport {
    async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError> {
        self.send(message).await.map_err(|error| match &error {
            TwilioError::NotAPhoneNumber => DeliveryError::Permanent(error.into()),
            TwilioError::Api(api) if api.is_permanent() => DeliveryError::Permanent(error.into()),
            TwilioError::Api(_) | TwilioError::Http(_) | TwilioError::InactiveAccount => {
                DeliveryError::Passing(error.into())
            }
        })
    }
}

impl From<HttpResponse> for TwilioApiError {
    fn from(response: HttpResponse) -> Self {
        let body: Option<TwilioErrorBody> = serde_json::from_slice(&response.body).ok();
        Self { status: response.status, code: body.map(|body| body.code), retry_after: response.retry_after }
    }
}

impl TwilioApiError {
    /// Whether the phone number is the cause. All other errors may pass, or an operator can correct them.
    fn is_permanent(&self) -> bool {
        matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND)
            && self.code.is_some_and(|code| PHONE_NUMBER_ERRORS.contains(&code))
    }
}

impl fmt::Display for TwilioApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Twilio answered {}", self.status.as_u16())?;
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                f.write_str(": check the account SID, its token, and the account's permissions")?;
            }
            StatusCode::TOO_MANY_REQUESTS => f.write_str(": too many requests")?,
            status if status.is_redirection() => f.write_str(": redirects are not followed")?,
            _ => {}
        }
        if let Some(code) = self.code {
            write!(f, " (error {code}, see https://www.twilio.com/docs/api/errors/{code})")?;
        }
        if let Some(seconds) = self.retry_after {
            write!(f, "; retry after {seconds} s")?;
        }
        Ok(())
    }
}

impl fmt::Debug for TwilioTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioTransport").field("endpoint", &self.endpoint.as_str()).finish_non_exhaustive()
    }
}
