//! What the settings `email.url` and `sms.url` say.

mod error;
mod parts;
mod smtp;
#[cfg(test)]
mod tests;
mod twilio;
mod webhook;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use asteroid_messaging::Channel;

pub use error::{Flaw, InvalidDeliveryUrl, Provider, WrongChannel};
pub(crate) use smtp::Security;
pub use smtp::SmtpUrl;
pub(crate) use twilio::Sender;
pub use twilio::TwilioUrl;
pub use webhook::WebhookUrl;

/// By which transport the messages of a channel leave; what the settings `email.url` and `sms.url` say.
///
/// Shown or printed, it has `***` in the place of passwords, tokens, secrets and the path of a webhook, by which
/// some providers know their customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryUrl {
    /// `console:`: to standard output.
    Console,
    /// `file:PATH`: to a file; the path is taken as it stands, relative to the working directory.
    File(PathBuf),
    /// `smtp://…`, `smtps://…`: to a mail server.
    Smtp(Box<SmtpUrl>),
    /// `twilio://…`: to Twilio's API for SMS.
    Twilio(Box<TwilioUrl>),
    /// `webhook+https://…`: to whoever answers there.
    Webhook(Box<WebhookUrl>),
}

impl DeliveryUrl {
    /// Whether this may be used in development alone: codes would be shown to whoever reads a console or a file, or
    /// go over plain HTTP.
    #[must_use]
    pub fn is_development_only(&self) -> bool {
        match self {
            Self::Console | Self::File(_) => true,
            Self::Smtp(_) => false,
            Self::Twilio(url) => url.is_plain(),
            Self::Webhook(url) => url.is_plain(),
        }
    }

    /// Why production refuses this, in words for an operator; none if it is fit. Reads the file of certificates
    /// that the URL names.
    #[must_use]
    pub fn production_problem(&self) -> Option<String> {
        match self {
            Self::Console | Self::File(_) => {
                Some("it reaches nobody, and shows codes to whoever reads it".to_owned())
            }
            Self::Smtp(url) => url.production_problem(),
            Self::Twilio(url) => url.is_plain().then(|| PLAIN_HTTP.to_owned()),
            Self::Webhook(url) => url.production_problem(),
        }
    }

    /// Whether messages of this channel can leave so.
    ///
    /// # Errors
    ///
    /// If they cannot; the error says what can.
    pub fn check_channel(&self, channel: Channel) -> Result<(), WrongChannel> {
        match (self, channel) {
            (Self::Smtp(_), Channel::Sms) => Err(WrongChannel::MailServer),
            (Self::Twilio(_), Channel::Email) => Err(WrongChannel::SmsProvider),
            _ => Ok(()),
        }
    }

    /// The longest that one delivery may take before it is given up for the moment; none where nobody is waited
    /// for. The lease of the outbox must be longer.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        match self {
            Self::Console | Self::File(_) => None,
            Self::Smtp(url) => Some(url.timeout),
            Self::Twilio(_) | Self::Webhook(_) => Some(crate::http::TIMEOUT),
        }
    }
}

const PLAIN_HTTP: &str = "it sends codes over plain HTTP: use HTTPS";

impl FromStr for DeliveryUrl {
    type Err = InvalidDeliveryUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDeliveryUrl> {
        let (scheme, rest) = text.split_once(':').ok_or(InvalidDeliveryUrl::NoScheme)?;
        // RFC 3986, 3.1.
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        if !is_scheme {
            return Err(InvalidDeliveryUrl::NoScheme);
        }
        match (scheme.to_ascii_lowercase().as_str(), rest) {
            ("console", "") => Ok(Self::Console),
            ("console", _) => Err(InvalidDeliveryUrl::ConsoleWithRest),
            ("file", "") => Err(InvalidDeliveryUrl::NoPath),
            ("file", path) => match path.strip_prefix("//") {
                Some(absolute) if !absolute.starts_with('/') => Err(InvalidDeliveryUrl::FileWithHost),
                Some(absolute) => Ok(Self::File(absolute.into())),
                None => Ok(Self::File(path.into())),
            },
            ("smtp", _) => SmtpUrl::parse(text, Provider::Smtp).map(Box::new).map(Self::Smtp),
            ("smtps", _) => SmtpUrl::parse(text, Provider::Smtps).map(Box::new).map(Self::Smtp),
            ("twilio" | "twilio+http", _) => TwilioUrl::parse(text).map(Box::new).map(Self::Twilio),
            ("webhook+https", _) => WebhookUrl::parse("https", rest).map(Box::new).map(Self::Webhook),
            ("webhook+http", _) => WebhookUrl::parse("http", rest).map(Box::new).map(Self::Webhook),
            (unknown, _) => Err(InvalidDeliveryUrl::UnknownScheme(unknown.to_owned())),
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
        }
    }
}
