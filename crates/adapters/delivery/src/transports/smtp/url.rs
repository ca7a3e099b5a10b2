use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;
use url::Host;

use crate::address;
use crate::tls;
use crate::url::{DeliveryUrlError, ProviderUrl, ProviderUrlProblem, UrlSecret, encoded, is_loopback};

/// `smtp://USER:PASSWORD@HOST:587?from=ADDRESS` and `smtps://USER:PASSWORD@HOST:465?from=ADDRESS`: a mail server.
///
/// | parameter | |
/// | --- | --- |
/// | `from` | the sender: `no-reply@example.com` or `Asteroid <no-reply@example.com>`; required |
/// | `tls` | for `smtp:` only. `required` (the default): STARTTLS, or the delivery fails. `opportunistic`: unencrypted if the server does not offer STARTTLS. `none`: unencrypted |
/// | `timeout` | the seconds that one attempt may take, 1 to 20; 10 by default |
/// | `ca` | a PEM file of the certificates to trust in place of the public ones |
///
/// The user name and the password are optional, both together; the port is optional. Every part is percent-encoded.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    pub(in crate::transports) security: SmtpSecurity,
    pub(in crate::transports) host: Host,
    pub(in crate::transports) port: u16,
    pub(in crate::transports) credentials: Option<SmtpCredentials>,
    pub(in crate::transports) from: Mailbox,
    pub(in crate::transports) timeout: Duration,
    pub(in crate::transports) ca: Option<PathBuf>,
}

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transports) enum SmtpSecurity {
    /// From the first byte (implicit TLS, RFC 8314).
    Implicit,
    /// From STARTTLS on; nothing is sent without it.
    Required,
    /// From STARTTLS on, if the server offers it.
    Opportunistic,
    /// Never.
    None,
}

/// The credentials of SMTP authentication (RFC 4954).
#[derive(Clone, PartialEq, Eq)]
pub(in crate::transports) struct SmtpCredentials {
    pub(in crate::transports) user: String,
    pub(in crate::transports) password: UrlSecret<String>,
}

const SMTP_EXAMPLE: &str = "smtp://USER:PASSWORD@mail.example.com:587?from=Asteroid%20<no-reply@example.com>";
const SMTPS_EXAMPLE: &str =
    "smtps://USER:PASSWORD@mail.example.com:465?from=Asteroid%20<no-reply@example.com>";

const TIMEOUT: Duration = Duration::from_secs(10);
const PARAMETERS: &str = "`from=`, `tls=` (for smtp: only), `timeout=` and `ca=`";

impl SmtpUrl {
    pub(in crate::transports) fn parse(text: &str) -> Result<Self, DeliveryUrlError> {
        let is_smtps = text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("smtps"));
        let mut url = ProviderUrl::parse(text, if is_smtps { SMTPS_EXAMPLE } else { SMTP_EXAMPLE })?;
        let host = url.host()?;
        let credentials = url
            .credentials()?
            .map(|(user, password)| SmtpCredentials { user, password: UrlSecret(password) });
        url.no_path()?;
        let from = url.take("from")?.ok_or_else(|| url.error(ProviderUrlProblem::Missing("from")))?;
        let from = sender(&from).ok_or_else(|| {
            url.error(ProviderUrlProblem::Value(
                "from",
                "an address with only ASCII before its `@`, alone or in angle brackets after a name",
            ))
        })?;
        let (security, standard_port) = if is_smtps {
            (SmtpSecurity::Implicit, 465)
        } else {
            let security = match url.take("tls")?.as_deref() {
                None | Some("required") => SmtpSecurity::Required,
                Some("opportunistic") => SmtpSecurity::Opportunistic,
                Some("none") => SmtpSecurity::None,
                Some(_) => {
                    let allowed = "`required`, `opportunistic` or `none`";
                    return Err(url.error(ProviderUrlProblem::Value("tls", allowed)));
                }
            };
            (security, 587)
        };
        let timeout = match url.take("timeout")?.map(|text| text.parse()) {
            None => TIMEOUT,
            Some(Ok(seconds @ 1..=20)) => Duration::from_secs(seconds),
            Some(_) => {
                return Err(
                    url.error(ProviderUrlProblem::Value("timeout", "a number of seconds from 1 to 20"))
                );
            }
        };
        let ca = url.take_ca()?;
        url.no_more_parameters(PARAMETERS)?;
        Ok(Self { security, host, port: url.port().unwrap_or(standard_port), credentials, from, timeout, ca })
    }

    pub(in crate::transports) fn production_problem(&self) -> Option<String> {
        let is_remote = !is_loopback(&self.host);
        match self.security {
            SmtpSecurity::None if is_remote => Some(
                "it sends codes unencrypted: `tls=none` is for a server on this machine, so leave `tls` out".to_owned(),
            ),
            SmtpSecurity::Opportunistic if is_remote && self.credentials.is_some() => Some(
                "an attacker who removes STARTTLS from the replies gets the password unencrypted: leave `tls` out"
                    .to_owned(),
            ),
            _ => tls::problem(self.ca.as_deref()),
        }
    }
}

/// Parses `ADDRESS` or `NAME <ADDRESS>`.
fn sender(text: &str) -> Option<Mailbox> {
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>') {
        Some(rest) => rest.rsplit_once('<')?,
        None => ("", text),
    };
    let name = name.trim().trim_matches('"');
    let address = address::smtp_address(address).filter(|address| address.user().is_ascii())?;
    Some(Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address))
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.security == SmtpSecurity::Implicit { "smtps://" } else { "smtp://" })?;
        if let Some(credentials) = &self.credentials {
            write!(f, "{}:***@", encoded(&credentials.user))?;
        }
        write!(f, "{}:{}", self.host, self.port)?;
        let from = match &self.from.name {
            Some(name) => format!("{name} <{}>", self.from.email),
            None => self.from.email.to_string(),
        };
        write!(f, "?from={}", encoded(&from))?;
        match self.security {
            SmtpSecurity::Implicit | SmtpSecurity::Required => {}
            SmtpSecurity::Opportunistic => f.write_str("&tls=opportunistic")?,
            SmtpSecurity::None => f.write_str("&tls=none")?,
        }
        if self.timeout != TIMEOUT {
            write!(f, "&timeout={}", self.timeout.as_secs())?;
        }
        fmt_ca(self.ca.as_deref(), f)
    }
}

fn fmt_ca(ca: Option<&Path>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    ca.map_or(Ok(()), |path| write!(f, "&ca={}", encoded(&path.to_string_lossy())))
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({self})")
    }
}
