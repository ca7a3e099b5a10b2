use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use asteroid_messaging::DeliveryError;
use lettre::transport::smtp;

use super::mail::Unfit;
use crate::tls::CaError;

/// What a mail server is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Connect,
    StartTls,
    Login,
    Sender,
    Recipient,
    Data,
    Content,
}

/// Why a mail server did not take a message on. Its own words are left out: they may repeat the address or the
/// text.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error(transparent)]
    Ca(#[from] CaError),
    #[error("{step}: there was no answer within {} s", within.as_secs())]
    Late { step: Step, within: Duration },
    #[error("{step}: the server answered {answer}")]
    Refused { step: Step, answer: Reply },
    #[error("{step}: {reason}")]
    Broken { step: Step, reason: String },
    #[error("{0}: the connection ended, or the answer was none that SMTP knows")]
    Gibberish(Step),
    #[error("the server offers no STARTTLS, and nothing is sent to it in the clear")]
    NoStartTls,
    #[error("the server offers no way to log in that is known here: PLAIN or LOGIN")]
    NoMechanism,
    #[error("the address has characters beyond ASCII, and the server does not offer SMTPUTF8")]
    NoSmtpUtf8,
}

/// The codes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// RFC 5321, 4.2.
    code: u16,
    /// RFC 3463: `5.1.1`.
    status: Option<String>,
}

impl Failure {
    pub(super) fn of(step: Step, error: &smtp::Error) -> Self {
        if let Some(code) = error.status() {
            let words = error.source().map(ToString::to_string).unwrap_or_default();
            return Self::Refused { step, answer: Reply::new(code.into(), &words) };
        }
        // What these say may hold what the server said.
        if error.is_response() || error.is_client() {
            return Self::Gibberish(step);
        }
        // Each error repeats what is behind it, down to the one that says it best.
        let root = std::iter::successors(error.source(), |error| (*error).source()).last();
        Self::Broken { step, reason: root.map_or_else(|| error.to_string(), ToString::to_string) }
    }

    /// Whether trying again will not help. What a server says before it knows the message, and what it says about
    /// who logs in, is for an operator to set right.
    fn is_for_good(&self) -> bool {
        match self {
            Self::Unfit(_) | Self::NoSmtpUtf8 => true,
            Self::Refused { step, answer } => {
                matches!(step, Step::Sender | Step::Recipient | Step::Data | Step::Content)
                    && answer.code >= 500
                    && !answer.is_about_login()
            }
            Self::Ca(_)
            | Self::Late { .. }
            | Self::Broken { .. }
            | Self::Gibberish(_)
            | Self::NoStartTls
            | Self::NoMechanism => false,
        }
    }
}

impl From<Failure> for DeliveryError {
    fn from(failure: Failure) -> Self {
        if failure.is_for_good() { Self::Permanent(failure.into()) } else { Self::Passing(failure.into()) }
    }
}

impl Reply {
    fn new(code: u16, words: &str) -> Self {
        let is_status = |word: &&str| {
            let parts: Vec<&str> = word.split('.').collect();
            let is_number =
                |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            parts.len() == 3 && matches!(parts[0], "2" | "4" | "5") && parts.iter().all(is_number)
        };
        Self { code, status: words.split_whitespace().next().filter(is_status).map(str::to_owned) }
    }

    /// RFC 4954, 4 and 6: a login is needed, was wrong, too weak, or wants encryption.
    const fn is_about_login(&self) -> bool {
        matches!(self.code, 530 | 534 | 535 | 538)
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(status) = &self.status {
            write!(f, " {status}")?;
        }
        if self.is_about_login() {
            f.write_str(" (check the user name and the password)")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::StartTls => "beginning TLS",
            Self::Login => "logging in",
            Self::Sender => "naming the sender",
            Self::Recipient => "naming the recipient",
            Self::Data => "announcing the message",
            Self::Content => "handing the message over",
        })
    }
}
