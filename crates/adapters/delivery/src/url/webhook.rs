use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use url::{Position, Url};

use super::parts::{Parts, is_loopback};
use super::{Flaw, InvalidDeliveryUrl, PLAIN_HTTP, Provider};
use crate::secret::Secret;
use crate::tls;

/// `webhook+https://HOST/PATH?secret=whsec_BASE64`: a request, signed as Standard Webhooks does it.
///
/// `secret` is the key, 24 to 64 bytes in base64 behind `whsec_`. `ca` is a PEM file of the certificates to trust
/// in place of the public ones. Any other parameter belongs to the endpoint. `webhook+http://…` talks plain HTTP to
/// a program on this machine.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    pub(crate) endpoint: Url,
    pub(crate) key: Secret<Vec<u8>>,
    pub(crate) ca: Option<PathBuf>,
}

/// Secrets are passed around with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl WebhookUrl {
    /// Reads what follows `webhook+https:` or `webhook+http:`.
    pub(super) fn parse(scheme: &str, rest: &str) -> Result<Self, InvalidDeliveryUrl> {
        let mut parts = Parts::read(&format!("{scheme}:{rest}"), Provider::Webhook)?;
        if !rest.starts_with("//") {
            return Err(parts.flaw(Flaw::NoHost));
        }
        if scheme == "http" && !is_loopback(&parts.host()?) {
            return Err(parts.flaw(Flaw::PlainHttp));
        }
        if !matches!(parts.login(), Ok(None)) {
            return Err(parts.flaw(Flaw::Login));
        }
        let secret = parts.take("secret")?.ok_or_else(|| parts.flaw(Flaw::Missing("secret")))?;
        let key = secret.strip_prefix("whsec_").and_then(|text| BASE64.decode(text).ok());
        let key = key.filter(|key| (24..=64).contains(&key.len())).ok_or_else(|| {
            parts.flaw(Flaw::Value("secret", "`whsec_` and 24 to 64 random bytes in base64"))
        })?;
        let ca = parts.take_ca()?;
        Ok(Self { endpoint: parts.rest(), key: Secret(key), ca })
    }

    /// Whether it is talked to without TLS.
    pub(super) fn is_plain(&self) -> bool {
        self.endpoint.scheme() == "http"
    }

    pub(super) fn production_problem(&self) -> Option<String> {
        if self.is_plain() { Some(PLAIN_HTTP.to_owned()) } else { tls::problem(self.ca.as_deref()) }
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
