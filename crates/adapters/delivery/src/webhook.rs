use std::fmt;

use asteroid_messaging::{DeliveryError, MessageTransport, OutgoingMessage};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{StatusCode, Url};
use sha2::Sha256;

use crate::http::{HttpClient, HttpError};
use crate::record::Record;
use crate::url::WebhookUrl;

/// Hands messages to whoever answers at a URL, signed as [Standard Webhooks](https://www.standardwebhooks.com) does
/// it.
///
/// The body is the object that [`FileTransport`](crate::FileTransport) writes, and for an e-mail its HTML as `html`.
/// `webhook-id` is the message's id, the
/// same over all tries.
pub struct WebhookTransport {
    endpoint: Url,
    signer: Hmac<Sha256>,
    http: HttpClient,
}

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Why a message was not taken on. What the endpoint says is left out: it may repeat the message.
#[derive(Debug, thiserror::Error)]
enum WebhookFailure {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("the webhook answered {}{}", .0.as_u16(), if .0.is_redirection() { ": redirects are not followed" } else { "" })]
    Refused(StatusCode),
}

impl WebhookTransport {
    /// Hands messages to the endpoint at this URL.
    ///
    /// # Panics
    ///
    /// Never: any key signs.
    #[must_use]
    pub fn new(url: &WebhookUrl) -> Self {
        Self {
            endpoint: url.endpoint.clone(),
            signer: Hmac::new_from_slice(&url.key.0).expect("HMAC takes keys of any length"),
            http: HttpClient::new(url.ca.clone()),
        }
    }

    async fn send(&self, message: &OutgoingMessage) -> Result<(), WebhookFailure> {
        let body = Record::with_html(message).json();
        let (id, timestamp) = (message.id.to_string(), (message.at.unix_millis() / 1000).to_string());
        let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &body].concat();
        let signature = self.signer.clone().chain_update(signed).finalize().into_bytes();
        let text = |text: String| HeaderValue::try_from(text).expect("ASCII fits a header");
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (ID, text(id)),
            (TIMESTAMP, text(timestamp)),
            (SIGNATURE, text(format!("v1,{}", STANDARD.encode(signature)))),
        ];
        let answer = self.http.post(&self.endpoint, headers, body).await?;
        if answer.status.is_success() { Ok(()) } else { Err(WebhookFailure::Refused(answer.status)) }
    }
}

impl MessageTransport for WebhookTransport {
    async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError> {
        self.send(message).await.map_err(|failure| match failure {
            WebhookFailure::Refused(
                StatusCode::BAD_REQUEST | StatusCode::GONE | StatusCode::UNPROCESSABLE_ENTITY,
            ) => DeliveryError::Permanent(failure.into()),
            WebhookFailure::Refused(_) | WebhookFailure::Http(_) => DeliveryError::Passing(failure.into()),
        })
    }
}

impl fmt::Debug for WebhookTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookTransport").field("host", &self.endpoint.host_str()).finish_non_exhaustive()
    }
}
