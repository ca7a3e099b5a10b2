//! E-mail and SMS by a signed request to an endpoint of the operator's.

use std::fmt;
use std::path::PathBuf;

use asteroid_kernel::BoxError;
use asteroid_messaging::{DeliveryError, MessageTransport, OutgoingMessage};
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use sha2::Sha256;
use url::{Host, Position, Url};

use crate::http::{HttpClient, HttpError};
use crate::message_record::MessageRecord;
use crate::tls;
use crate::url::{
    DeliveryUrlError, ProviderUrl, ProviderUrlProblem, UrlSecret, is_loopback, is_loopback_literal,
};

const EXAMPLE: &str = "webhook+https://hooks.example.com/asteroid?secret=whsec_BASE64";

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Secrets are written with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// `webhook+https://HOST/PATH?secret=whsec_BASE64`: an endpoint that takes signed requests.
///
/// `secret` is the key of the signature: 24 to 64 bytes in base64 after `whsec_`. `ca` is a PEM file of the
/// certificates to trust in place of the public ones. All other parameters are sent to the endpoint.
/// `webhook+http://…` uses plain HTTP, for a program on this machine; in production its host is an address, `127.0.0.1` or
/// `[::1]`.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    pub(super) endpoint: Url,
    pub(super) key: UrlSecret<Vec<u8>>,
    pub(super) ca: Option<PathBuf>,
}

impl WebhookUrl {
    /// Parses what follows `webhook+https:` or `webhook+http:`.
    pub(super) fn parse(scheme: &str, rest: &str) -> Result<Self, DeliveryUrlError> {
        let mut url = ProviderUrl::parse(&format!("{scheme}:{rest}"), EXAMPLE)?;
        if !rest.starts_with("//") {
            return Err(url.error(ProviderUrlProblem::NoHost));
        }
        if scheme == "http" && !is_loopback(&url.host()?) {
            return Err(url.error(ProviderUrlProblem::PlainHttp));
        }
        if !matches!(url.credentials(), Ok(None)) {
            return Err(url.error(ProviderUrlProblem::Invalid(
                "it has a user name, which is not supported: the secret signs the requests",
            )));
        }
        let secret = url.take("secret")?.ok_or_else(|| url.error(ProviderUrlProblem::Missing("secret")))?;
        let key = secret.strip_prefix("whsec_").and_then(|text| BASE64.decode(text).ok());
        let key = key.filter(|key| (24..=64).contains(&key.len())).ok_or_else(|| {
            url.error(ProviderUrlProblem::Value("secret", "`whsec_` and 24 to 64 random bytes in base64"))
        })?;
        let ca = url.take_ca()?;
        Ok(Self { endpoint: url.remaining_url(), key: UrlSecret(key), ca })
    }

    /// Whether requests go without TLS, and not to an address of this machine.
    pub(super) fn is_exposed(&self) -> bool {
        let is_local = self.endpoint.host_str().and_then(|host| Host::parse(host).ok());
        self.endpoint.scheme() == "http" && !is_local.is_some_and(|host| is_loopback_literal(&host))
    }

    pub(super) fn production_problem(&self) -> Option<String> {
        if self.is_exposed() {
            let problem = "it sends codes over plain HTTP: use HTTPS, or the address of this machine, 127.0.0.1 or [::1]";
            Some(problem.to_owned())
        } else {
            tls::problem(self.ca.as_deref())
        }
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "webhook+{}/***?secret=***", &self.endpoint[..Position::AfterPort])
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({self})")
    }
}

/// Posts messages to an endpoint, signed by [Standard Webhooks](https://www.standardwebhooks.com).
///
/// The body is the object that [`FileTransport`](crate::FileTransport) writes; that of an e-mail has its HTML as
/// `html`. `webhook-id` is the message's id, the same in every attempt.
///
/// Permanent failures: 400, 410 and 422. Redirects are not followed, and count as passing failures.
pub struct WebhookTransport {
    endpoint: Url,
    signer: Hmac<Sha256>,
    http: HttpClient,
}

/// Why a message was not accepted. The response body is left out: it may repeat the message.
#[derive(Debug, thiserror::Error)]
enum WebhookError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("the webhook answered {}{}", .0.as_u16(), if .0.is_redirection() { ": redirects are not followed" } else { "" })]
    Status(StatusCode),
}

impl WebhookTransport {
    /// Posts messages to the endpoint at this URL.
    ///
    /// # Panics
    ///
    /// Never: HMAC takes keys of any length.
    #[must_use]
    pub fn new(url: &WebhookUrl) -> Self {
        Self {
            endpoint: url.endpoint.clone(),
            signer: Hmac::new_from_slice(&url.key.0).expect("HMAC takes keys of any length"),
            http: HttpClient::new(url.ca.clone()),
        }
    }

    /// Connects, with TLS unless the URL has plain HTTP. No request is sent: the endpoint could take it for a message.
    pub(super) async fn check_connection(&self) -> Result<&'static str, BoxError> {
        self.http.connect(&self.endpoint).await?;
        Ok(match self.endpoint.scheme() {
            "https" => "connected with TLS; no request was sent",
            _ => "connected; no request was sent",
        })
    }

    async fn send(&self, message: &OutgoingMessage) -> Result<(), WebhookError> {
        let body = MessageRecord::with_html(message).json();
        let (id, timestamp) = (message.id.to_string(), (message.at.unix_millis() / 1000).to_string());
        let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &body].concat();
        let signature = self.signer.clone().chain_update(signed).finalize().into_bytes();
        let text = |text: String| HeaderValue::try_from(text).expect("a header may contain ASCII");
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (ID, text(id)),
            (TIMESTAMP, text(timestamp)),
            (SIGNATURE, text(format!("v1,{}", STANDARD.encode(signature)))),
        ];
        let response = self.http.post(&self.endpoint, headers, body).await?;
        if response.status.is_success() { Ok(()) } else { Err(WebhookError::Status(response.status)) }
    }
}

impl MessageTransport for WebhookTransport {
    async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError> {
        self.send(message).await.map_err(|error| match error {
            WebhookError::Status(
                StatusCode::BAD_REQUEST | StatusCode::GONE | StatusCode::UNPROCESSABLE_ENTITY,
            ) => DeliveryError::Permanent(error.into()),
            WebhookError::Status(_) | WebhookError::Http(_) => DeliveryError::Passing(error.into()),
        })
    }
}

impl fmt::Debug for WebhookTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookTransport").field("host", &self.endpoint.host_str()).finish_non_exhaustive()
    }
}
