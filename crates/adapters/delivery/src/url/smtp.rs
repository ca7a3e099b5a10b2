use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;
use url::Host;

use super::parts::{Parts, encoded, is_loopback};
use super::{Flaw, InvalidDeliveryUrl, Provider};
use crate::address;
use crate::secret::Secret;
use crate::tls;

/// `smtp://USER:PASSWORD@HOST:587?from=ADDRESS` and `smtps://USER:PASSWORD@HOST:465?from=ADDRESS`: a mail server.
///
/// | parameter | |
/// | --- | --- |
/// | `from` | from whom messages are: `no-reply@example.com` or `Asteroid <no-reply@example.com>`; must be given |
/// | `tls` | for `smtp:` alone. `required` (the default): STARTTLS or nothing. `opportunistic`: in the clear if the server offers no STARTTLS. `none`: in the clear |
/// | `timeout` | the seconds that one delivery may take, 1 to 20; 10 if left out |
/// | `ca` | a PEM file of the certificates to trust in place of the public ones |
///
/// User name and password may be left out, both together; the port may be left out. Every part is
/// percent-encoded.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    pub(crate) security: Security,
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) login: Option<Login>,
    pub(crate) from: Mailbox,
    pub(crate) timeout: Duration,
    pub(crate) ca: Option<PathBuf>,
}

/// When what goes over the wire is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// From the first byte.
    Implicit,
    /// From STARTTLS on; nothing is sent without.
    Required,
    /// From STARTTLS on, if the server offers it.
    Opportunistic,
    /// Never.
    None,
}

/// Who logs in at a server.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) name: String,
    pub(crate) password: Secret<String>,
}

const TIMEOUT: Duration = Duration::from_secs(10);
const PARAMETERS: &str = "`from=`, `tls=` (for smtp: alone), `timeout=` and `ca=`";

impl SmtpUrl {
    pub(super) fn parse(text: &str, provider: Provider) -> Result<Self, InvalidDeliveryUrl> {
        let mut parts = Parts::read(text, provider)?;
        let host = parts.host()?;
        let login = parts.login()?.map(|(name, password)| Login { name, password: Secret(password) });
        parts.no_path()?;
        let from = parts.take("from")?.ok_or_else(|| parts.flaw(Flaw::Missing("from")))?;
        let from = sender(&from).ok_or_else(|| {
            parts.flaw(Flaw::Value("from", "an address without a character beyond ASCII before its `@`, alone or in angle brackets behind a name"))
        })?;
        let (security, standard_port) = if provider == Provider::Smtps {
            (Security::Implicit, 465)
        } else {
            let security = match parts.take("tls")?.as_deref() {
                None | Some("required") => Security::Required,
                Some("opportunistic") => Security::Opportunistic,
                Some("none") => Security::None,
                Some(_) => {
                    let right = "`required`, `opportunistic` or `none`";
                    return Err(parts.flaw(Flaw::Value("tls", right)));
                }
            };
            (security, 587)
        };
        let timeout = match parts.take("timeout")?.map(|text| text.parse()) {
            None => TIMEOUT,
            Some(Ok(seconds @ 1..=20)) => Duration::from_secs(seconds),
            Some(_) => return Err(parts.flaw(Flaw::Value("timeout", "a number of seconds from 1 to 20"))),
        };
        let ca = parts.take_ca()?;
        parts.no_more(PARAMETERS)?;
        Ok(Self { security, host, port: parts.port().unwrap_or(standard_port), login, from, timeout, ca })
    }

    pub(super) fn production_problem(&self) -> Option<String> {
        let may_be_read = !is_loopback(&self.host);
        match self.security {
            Security::None if may_be_read => Some(
                "it sends codes in the clear: `tls=none` is for a server on this machine, so leave `tls` out".to_owned(),
            ),
            Security::Opportunistic if may_be_read && self.login.is_some() => Some(
                "it sends the password in the clear to whoever takes STARTTLS out of the answers: leave `tls` out"
                    .to_owned(),
            ),
            _ => tls::problem(self.ca.as_deref()),
        }
    }
}

/// Reads `ADDRESS` or `NAME <ADDRESS>`.
fn sender(text: &str) -> Option<Mailbox> {
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>') {
        Some(rest) => rest.rsplit_once('<')?,
        None => ("", text),
    };
    let name = name.trim().trim_matches('"');
    let address = address::mailable(address).filter(|address| address.user().is_ascii())?;
    Some(Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address))
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.security == Security::Implicit { "smtps://" } else { "smtp://" })?;
        if let Some(login) = &self.login {
            write!(f, "{}:***@", encoded(&login.name))?;
        }
        write!(f, "{}:{}", self.host, self.port)?;
        let from = match &self.from.name {
            Some(name) => format!("{name} <{}>", self.from.email),
            None => self.from.email.to_string(),
        };
        write!(f, "?from={}", encoded(&from))?;
        match self.security {
            Security::Implicit | Security::Required => {}
            Security::Opportunistic => f.write_str("&tls=opportunistic")?,
            Security::None => f.write_str("&tls=none")?,
        }
        if self.timeout != TIMEOUT {
            write!(f, "&timeout={}", self.timeout.as_secs())?;
        }
        show_ca(self.ca.as_deref(), f)
    }
}

fn show_ca(ca: Option<&Path>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    ca.map_or(Ok(()), |path| write!(f, "&ca={}", encoded(&path.to_string_lossy())))
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({self})")
    }
}
