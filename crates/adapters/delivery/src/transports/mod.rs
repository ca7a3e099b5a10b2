//! The transports and the URLs that select them.
//!
//! A new provider is one file in this folder, with its URL and its transport, and a variant in each of the two enums
//! below. The compiler then finds every `match` that the variant needs; its scheme goes into [`DeliveryUrl::from_str`]
//! and its form into the lists of forms.

mod console;
mod file;
mod none;
mod smtp;
#[cfg(test)]
mod tests;
mod twilio;
mod webhook;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use asteroid_kernel::BoxError;
use asteroid_messaging::{Channel, DeliveryError, MessageTransport, OutgoingMessage};

pub use self::console::ConsoleTransport;
pub use self::file::FileTransport;
pub use self::none::{ChannelOff, NoTransport};
pub use self::smtp::{SmtpTransport, SmtpUrl};
pub use self::twilio::{TwilioTransport, TwilioUrl};
pub use self::webhook::{WebhookTransport, WebhookUrl};
use crate::url::{DeliveryUrlError, WrongChannel};

/// The forms of a delivery URL, for error messages.
pub(crate) const ALL_FORMS: &str =
    "`console:`, `file:PATH`, `smtp://…`, `smtps://…`, `twilio://…`, `webhook+https://…` or `none:`";
pub(crate) const EMAIL_FORMS: &str =
    "`smtp://…`, `smtps://…`, `webhook+https://…`, `file:PATH`, `console:` or `none:`";
pub(crate) const SMS_FORMS: &str = "`twilio://…`, `webhook+https://…`, `file:PATH`, `console:` or `none:`";

/// The value of the settings `email.url` and `sms.url`: the transport that delivers a channel's messages.
///
/// | URL | transport | channel |
/// | --- | --- | --- |
/// | `console:` | [`ConsoleTransport`] | both, in development: a frame on standard output, for a person at a terminal |
/// | `file:PATH` | [`FileTransport`] | both, in development and tests: one JSON object on each line |
/// | `smtp://USER:PASSWORD@HOST:587?from=ADDRESS` | [`SmtpTransport`] | e-mail, with STARTTLS (see [`SmtpUrl`] for `tls`, `timeout`, `ca`) |
/// | `smtps://USER:PASSWORD@HOST:465?from=ADDRESS` | [`SmtpTransport`] | e-mail, with implicit TLS |
/// | `twilio://ACCOUNT_SID:AUTH_TOKEN@api.twilio.com?from=NUMBER` | [`TwilioTransport`] | SMS (see [`TwilioUrl`]) |
/// | `webhook+https://HOST/PATH?secret=whsec_BASE64` | [`WebhookTransport`] | both (see [`WebhookUrl`]) |
/// | `none:` | [`NoTransport`] | both: the channel is not offered |
///
/// [`Display`](fmt::Display) and [`Debug`] show `***` in place of passwords, tokens, secrets and the path of a
/// webhook, which is a secret at some providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryUrl {
    /// `console:`: to standard output.
    Console,
    /// `file:PATH`: to a file. The path is not decoded, and relative to the working directory.
    File(PathBuf),
    /// `smtp://…`, `smtps://…`: to a mail server.
    Smtp(Box<SmtpUrl>),
    /// `twilio://…`: to Twilio's API for SMS.
    Twilio(Box<TwilioUrl>),
    /// `webhook+https://…`: to an HTTP endpoint.
    Webhook(Box<WebhookUrl>),
    /// `none:`: the channel is not offered.
    None,
}

/// The transport that a [`DeliveryUrl`] selects.
#[derive(Debug)]
pub enum AnyTransport {
    /// To standard output.
    Console(ConsoleTransport),
    /// To a file.
    File(FileTransport),
    /// To a mail server.
    Smtp(SmtpTransport),
    /// To Twilio.
    Twilio(TwilioTransport),
    /// To a webhook.
    Webhook(WebhookTransport),
    /// Nothing is delivered.
    None(NoTransport),
}

impl DeliveryUrl {
    /// Whether this is for development only: it shows codes on a console or in a file, or sends them over plain HTTP.
    #[must_use]
    pub fn is_development_only(&self) -> bool {
        match self {
            Self::Console | Self::File(_) => true,
            Self::Smtp(_) | Self::None => false,
            Self::Twilio(url) => url.is_plain_http(),
            Self::Webhook(url) => url.is_exposed(),
        }
    }

    /// Why production refuses this URL, for the operator; [`None`] if it is fit for production. Reads the file of
    /// certificates that the URL names.
    #[must_use]
    pub fn production_problem(&self) -> Option<String> {
        match self {
            Self::Console | Self::File(_) => Some(
                "it delivers to no user, and shows codes to every reader of the console or file".to_owned(),
            ),
            Self::Smtp(url) => url.production_problem(),
            Self::Twilio(url) => {
                url.is_plain_http().then(|| "it sends codes over plain HTTP: use HTTPS".to_owned())
            }
            Self::Webhook(url) => url.production_problem(),
            Self::None => None,
        }
    }

    /// Checks that this transport delivers messages of this channel.
    ///
    /// # Errors
    ///
    /// [`WrongChannel`] if it does not; its message lists the URLs that do.
    pub fn check_channel(&self, channel: Channel) -> Result<(), WrongChannel> {
        match (self, channel) {
            (
                Self::Console | Self::File(_) | Self::Webhook(_) | Self::None,
                Channel::Email | Channel::Sms,
            )
            | (Self::Smtp(_), Channel::Email)
            | (Self::Twilio(_), Channel::Sms) => Ok(()),
            (Self::Smtp(_), Channel::Sms) => Err(WrongChannel::EmailOnly("a mail server")),
            (Self::Twilio(_), Channel::Email) => Err(WrongChannel::SmsOnly("Twilio")),
        }
    }

    /// The longest that one attempt to deliver may take; [`None`] where the transport waits for no server. The lease
    /// of the outbox must be longer.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        match self {
            Self::Console | Self::File(_) | Self::None => None,
            Self::Smtp(url) => Some(url.timeout),
            Self::Twilio(_) | Self::Webhook(_) => Some(crate::http::TIMEOUT),
        }
    }
}

impl FromStr for DeliveryUrl {
    type Err = DeliveryUrlError;

    fn from_str(text: &str) -> Result<Self, DeliveryUrlError> {
        let (scheme, rest) = text.split_once(':').ok_or(DeliveryUrlError::NoScheme)?;
        // RFC 3986, 3.1.
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        if !is_scheme {
            return Err(DeliveryUrlError::NoScheme);
        }
        match (scheme.to_ascii_lowercase().as_str(), rest) {
            ("console", "") => Ok(Self::Console),
            ("console", _) => Err(DeliveryUrlError::WithRest("console:")),
            ("none", "") => Ok(Self::None),
            ("none", _) => Err(DeliveryUrlError::WithRest("none:")),
            ("file", "") => Err(DeliveryUrlError::NoPath),
            ("file", path) => match path.strip_prefix("//") {
                Some(absolute) if !absolute.starts_with('/') => Err(DeliveryUrlError::FileWithHost),
                Some(absolute) => Ok(Self::File(absolute.into())),
                None => Ok(Self::File(path.into())),
            },
            ("smtp" | "smtps", _) => SmtpUrl::parse(text).map(Box::new).map(Self::Smtp),
            ("twilio" | "twilio+http", _) => TwilioUrl::parse(text).map(Box::new).map(Self::Twilio),
            ("webhook+https", _) => WebhookUrl::parse("https", rest).map(Box::new).map(Self::Webhook),
            ("webhook+http", _) => WebhookUrl::parse("http", rest).map(Box::new).map(Self::Webhook),
            _ => Err(DeliveryUrlError::UnknownScheme),
        }
    }
}

impl fmt::Display for DeliveryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Console => f.write_str("console:"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Smtp(url) => url.fmt(f),
            Self::Twilio(url) => url.fmt(f),
            Self::Webhook(url) => url.fmt(f),
            Self::None => f.write_str("none:"),
        }
    }
}

impl From<DeliveryUrl> for AnyTransport {
    fn from(url: DeliveryUrl) -> Self {
        match url {
            DeliveryUrl::Console => Self::Console(ConsoleTransport::stdout()),
            DeliveryUrl::File(path) => Self::File(FileTransport::new(path)),
            DeliveryUrl::Smtp(url) => Self::Smtp(SmtpTransport::new(*url)),
            DeliveryUrl::Twilio(url) => Self::Twilio(TwilioTransport::new(&url)),
            DeliveryUrl::Webhook(url) => Self::Webhook(WebhookTransport::new(&url)),
            DeliveryUrl::None => Self::None(NoTransport),
        }
    }
}

impl MessageTransport for AnyTransport {
    async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError> {
        match self {
            Self::Console(transport) => transport.deliver(message).await,
            Self::File(transport) => transport.deliver(message).await,
            Self::Smtp(transport) => transport.deliver(message).await,
            Self::Twilio(transport) => transport.deliver(message).await,
            Self::Webhook(transport) => transport.deliver(message).await,
            Self::None(transport) => transport.deliver(message).await,
        }
    }
}

impl AnyTransport {
    /// Tries as much of a delivery as is possible without a message, and returns what was tried. It takes no longer than
    /// a delivery.
    ///
    /// # Errors
    ///
    /// Why a delivery would fail now, for the operator.
    pub async fn check_connection(&self) -> Result<&'static str, BoxError> {
        match self {
            Self::Console(_) | Self::File(_) | Self::None(_) => Ok("there is nothing to connect to"),
            Self::Smtp(transport) => transport.check_connection().await,
            Self::Twilio(transport) => transport.check_connection().await,
            Self::Webhook(transport) => transport.check_connection().await,
        }
    }
}
