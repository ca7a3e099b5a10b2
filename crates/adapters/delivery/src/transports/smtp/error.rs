use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use asteroid_messaging::DeliveryError;
use lettre::transport::smtp;

use super::email::ComposeError;
use crate::tls::CaError;

/// A step of an SMTP session (RFC 5321, RFC 3207, RFC 4954).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SmtpStep {
    Connect,
    StartTls,
    Auth,
    MailFrom,
    RcptTo,
    Data,
    Message,
}

/// Why a mail server did not accept a message. The text of a reply is left out: it may repeat the address or the
/// message.
#[derive(Debug, thiserror::Error)]
pub(super) enum SmtpError {
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error(transparent)]
    Ca(#[from] CaError),
    #[error("{step}: there was no answer within {} s", within.as_secs())]
    Timeout { step: SmtpStep, within: Duration },
    #[error("{step}: the server answered {reply}")]
    Reply { step: SmtpStep, reply: SmtpReply },
    #[error("{step}: {reason}")]
    Connection { step: SmtpStep, reason: String },
    #[error("{0}: the connection was closed, or the reply was not valid SMTP")]
    Protocol(SmtpStep),
    #[error("the server does not offer STARTTLS, and nothing is sent to it unencrypted")]
    NoStartTls,
    #[error("the server offers no supported AUTH mechanism: PLAIN or LOGIN")]
    NoAuthMechanism,
    #[error("the address has characters beyond ASCII, and the server does not offer SMTPUTF8")]
    NoSmtpUtf8,
}

/// The codes of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SmtpReply {
    /// RFC 5321, 4.2.
    code: u16,
    /// The enhanced status code (RFC 3463), like `5.1.1`.
    status: Option<String>,
}

impl SmtpError {
    pub(super) fn new(step: SmtpStep, error: &smtp::Error) -> Self {
        if let Some(code) = error.status() {
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            return Self::Reply { step, reply: SmtpReply::new(code.into(), &text) };
        }
        // The messages of these errors may contain the text of a reply.
        if error.is_response() || error.is_client() {
            return Self::Protocol(step);
        }
        // Each error repeats its source. The last one is the most precise.
        let root = std::iter::successors(error.source(), |error| (*error).source()).last();
        Self::Connection { step, reason: root.map_or_else(|| error.to_string(), ToString::to_string) }
    }

    /// Whether another attempt cannot help. An operator can correct what a server refuses before it knows the
    /// message, and wrong credentials.
    fn is_permanent(&self) -> bool {
        match self {
            Self::Compose(_) | Self::NoSmtpUtf8 => true,
            Self::Reply { step, reply } => {
                matches!(step, SmtpStep::MailFrom | SmtpStep::RcptTo | SmtpStep::Data | SmtpStep::Message)
                    && reply.code >= 500
                    && !reply.is_about_authentication()
            }
            Self::Ca(_)
            | Self::Timeout { .. }
            | Self::Connection { .. }
            | Self::Protocol(_)
            | Self::NoStartTls
            | Self::NoAuthMechanism => false,
        }
    }
}

impl From<SmtpError> for DeliveryError {
    fn from(error: SmtpError) -> Self {
        if error.is_permanent() { Self::Permanent(error.into()) } else { Self::Passing(error.into()) }
    }
}

impl SmtpReply {
    fn new(code: u16, text: &str) -> Self {
        let is_status = |word: &&str| {
            let parts: Vec<&str> = word.split('.').collect();
            let is_number =
                |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            parts.len() == 3 && matches!(parts[0], "2" | "4" | "5") && parts.iter().all(is_number)
        };
        Self { code, status: text.split_whitespace().next().filter(is_status).map(str::to_owned) }
    }

    /// RFC 4954, 4 and 6: authentication is required, failed, is too weak, or needs encryption.
    const fn is_about_authentication(&self) -> bool {
        matches!(self.code, 530 | 534 | 535 | 538)
    }
}

impl fmt::Display for SmtpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(status) = &self.status {
            write!(f, " {status}")?;
        }
        if self.is_about_authentication() {
            f.write_str(" (check the user name and the password)")?;
        }
        Ok(())
    }
}

impl fmt::Display for SmtpStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::MailFrom => "MAIL FROM",
            Self::RcptTo => "RCPT TO",
            Self::Data => "DATA",
            Self::Message => "message",
        })
    }
}
