use std::fmt;

use url::{Host, Url};

use super::parts::{Parts, encoded, is_loopback};
use super::{Flaw, InvalidDeliveryUrl, Provider};
use crate::secret::Secret;

/// `twilio://ACCOUNT_SID:AUTH_TOKEN@api.twilio.com?from=%2B15005550006`: Twilio's API for SMS.
///
/// In place of `from=`, a number or a name, `messaging_service_sid=` names a service that chooses one. Every part is
/// percent-encoded. `twilio+http://…` talks plain HTTP to a stand-in on this machine.
#[derive(Clone, PartialEq, Eq)]
pub struct TwilioUrl {
    plain: bool,
    host: Host,
    port: Option<u16>,
    /// Where messages are handed in.
    pub(crate) endpoint: Url,
    pub(crate) account: String,
    pub(crate) token: Secret<String>,
    pub(crate) sender: Sender,
}

/// From whom an SMS is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A number or a name.
    From(String),
    /// A service that chooses one.
    Service(String),
}

impl TwilioUrl {
    pub(super) fn parse(text: &str) -> Result<Self, InvalidDeliveryUrl> {
        let mut parts = Parts::read(text, Provider::Twilio)?;
        let plain = text.split(':').next().is_some_and(|scheme| scheme.contains('+'));
        let host = parts.host()?;
        if plain && !is_loopback(&host) {
            return Err(parts.flaw(Flaw::PlainHttp));
        }
        let (account, token) = parts.login()?.ok_or_else(|| parts.flaw(Flaw::NoLogin))?;
        if !account.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(parts.flaw(Flaw::Account));
        }
        parts.no_path()?;
        let sender = match (parts.take("from")?, parts.take("messaging_service_sid")?) {
            (Some(from), None) => Sender::From(from),
            (None, Some(service)) => Sender::Service(service),
            (Some(_), Some(_)) => return Err(parts.flaw(Flaw::TwoSenders)),
            (None, None) => return Err(parts.flaw(Flaw::Missing("from"))),
        };
        parts.no_more("`from=` and `messaging_service_sid=`")?;
        let (port, scheme) = (parts.port(), if plain { "http" } else { "https" });
        let authority = port.map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
        let endpoint = format!("{scheme}://{authority}/2010-04-01/Accounts/{account}/Messages.json");
        let endpoint = Url::parse(&endpoint).map_err(|_| parts.flaw(Flaw::Unreadable))?;
        Ok(Self { plain, host, port, endpoint, account, token: Secret(token), sender })
    }

    /// Whether it is talked to without TLS.
    pub(super) const fn is_plain(&self) -> bool {
        self.plain
    }
}

impl fmt::Display for TwilioUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.plain { "twilio+http" } else { "twilio" };
        write!(f, "{scheme}://{}:***@{}", self.account, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        match &self.sender {
            Sender::From(from) => write!(f, "?from={}", encoded(from)),
            Sender::Service(service) => write!(f, "?messaging_service_sid={}", encoded(service)),
        }
    }
}

impl fmt::Debug for TwilioUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TwilioUrl({self})")
    }
}
