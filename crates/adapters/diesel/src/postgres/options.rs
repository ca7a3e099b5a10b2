use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// How much of the database's machine may be taken, and how long a unit may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    /// The database.
    pub url: PostgresUrl,
    /// So many connections are open at most.
    pub connections: usize,
    /// So many units may wait for a connection; one more is refused as busy.
    pub queue_length: usize,
    /// So long a unit waits for a connection at most; then it is refused as busy.
    pub longest_wait: Duration,
    /// So long a unit may take in all, the wait and all tries included; then it is rolled back. The server is told,
    /// too (`statement_timeout`), so that nothing goes on there.
    pub unit_timeout: Duration,
}

impl PostgresOptions {
    /// This database, with 16 connections, a queue of 1024, and 1.5 seconds a unit.
    #[must_use]
    pub fn new(url: PostgresUrl) -> Self {
        let time = Duration::from_millis(1500);
        Self { url, connections: 16, queue_length: 1024, longest_wait: time, unit_timeout: time }
    }
}

/// Whether what passes between here and the database is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// It is not.
    Disabled,
    /// It is, and the server's certificate is verified, its name included.
    Verified,
}

/// Where a database of `PostgreSQL` is:
/// `postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=require&sslrootcert=FILE`.
///
/// Without `sslmode`, TLS is required, but for this machine (a loopback address or a socket in a folder). Where it is
/// used, the certificate is always verified: by the public authorities, or by those in `sslrootcert`. `sslmode=disable`
/// does without; `prefer` and `allow` are refused, because whoever can tamper with the connection can talk them out of it.
/// Several hosts may be named (`HOST1,HOST2`, with `target_session_attrs=read-write`); `options`, `application_name` and
/// the keep-alive settings are understood, too.
///
/// Its `Debug` and `Display` do not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    text: String,
    config: Config,
    root_certificates: Option<PathBuf>,
}

/// The text is no address of a database. Says what is wrong, and nothing of the password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPostgresUrl(String);

impl PostgresUrl {
    /// The whole address, with the password.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn tls(&self) -> TlsMode {
        match self.config.get_ssl_mode() {
            SslMode::Disable => TlsMode::Disabled,
            _ => TlsMode::Verified,
        }
    }

    /// Whether it leads nowhere but to this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_local(&self.config)
    }

    /// The authorities by which the server's certificate is verified, if they are not the public ones.
    #[must_use]
    pub fn root_certificates(&self) -> Option<&PathBuf> {
        self.root_certificates.as_ref()
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }
}

impl FromStr for PostgresUrl {
    type Err = InvalidPostgresUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPostgresUrl> {
        let wrong = |what: &str| InvalidPostgresUrl(what.to_owned());
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(wrong("it must begin with postgres://"));
        }
        let (address, parameters) = text.split_once('?').unwrap_or((text, ""));
        let (mut mode, mut root_certificates, mut others) = (None, None, Vec::new());
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslmode", "disable")) => mode = Some(SslMode::Disable),
                Some(("sslmode", "require" | "verify-ca" | "verify-full")) => mode = Some(SslMode::Require),
                Some(("sslmode", _)) => {
                    return Err(wrong(
                        "sslmode must be \"require\" (the certificate is verified), \"verify-full\" (the same) or \
                         \"disable\"",
                    ));
                }
                Some(("sslrootcert", path)) if !path.is_empty() => {
                    root_certificates =
                        Some(PathBuf::from(decoded(path).ok_or_else(|| {
                            wrong("sslrootcert must be the path of a file, percent-encoded")
                        })?));
                }
                _ => others.push(parameter),
            }
        }
        let plain =
            if others.is_empty() { address.to_owned() } else { format!("{address}?{}", others.join("&")) };
        // The library's words name the parameter, and nothing of its value.
        let mut config = Config::from_str(&plain).map_err(|error| InvalidPostgresUrl(in_words(&error)))?;
        if config.get_hosts().is_empty() {
            return Err(wrong("it names no host"));
        }
        if config.get_user().is_none() {
            return Err(wrong("it names no user"));
        }
        if config.get_dbname().is_none_or(str::is_empty) {
            return Err(wrong("it names no database"));
        }
        let default = if is_local(&config) { SslMode::Disable } else { SslMode::Require };
        config.ssl_mode(mode.unwrap_or(default));
        if config.get_application_name().is_none() {
            config.application_name("asteroid");
        }
        Ok(Self { text: text.to_owned(), config, root_certificates })
    }
}

fn is_local(config: &Config) -> bool {
    let by_name = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        Host::Unix(_) => true,
    });
    by_name && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

fn decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn in_words(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    let source = error.source().map_or_else(String::new, |source| format!(": {source}"));
    format!("{error}{source}")
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.text.split_once("://") else { return Ok(()) };
        // What comes before the last @ ahead of the path is the user and the password.
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        match rest[..end].rsplit_once('@') {
            None => f.write_str(&self.text),
            Some((user, _)) => {
                let at = user.len();
                let user = user.split_once(':').map_or(user.to_owned(), |(user, _)| format!("{user}:***"));
                write!(f, "{scheme}://{user}{}", &rest[at..])
            }
        }
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> PostgresUrl {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn tls_is_required_and_verified_but_on_this_machine() {
        for (url, local, tls) in [
            ("postgres://ann@db.example.com/asteroid", false, TlsMode::Verified),
            ("postgresql://ann@db.example.com/asteroid?sslmode=verify-full", false, TlsMode::Verified),
            ("postgres://ann@db.example.com/asteroid?sslmode=disable", false, TlsMode::Disabled),
            ("postgres://ann@10.0.0.7:5433/asteroid", false, TlsMode::Verified),
            ("postgres://ann@127.0.0.1/asteroid", true, TlsMode::Disabled),
            ("postgres://ann@[::1]:5432/asteroid", true, TlsMode::Disabled),
            ("postgres://ann@localhost/asteroid?sslmode=require", true, TlsMode::Verified),
            ("postgres://ann@%2Fvar%2Frun%2Fpostgresql/asteroid", true, TlsMode::Disabled),
            ("postgres://ann@localhost,db.example.com/asteroid", false, TlsMode::Verified),
        ] {
            let parsed = parsed(url);
            assert_eq!((parsed.is_local(), parsed.tls()), (local, tls), "{url}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            (
                "postgres://ann:tr0ub4dor@db.example.com/asteroid",
                "postgres://ann:***@db.example.com/asteroid",
            ),
            ("postgres://ann:p%40ss@h/a?sslmode=disable", "postgres://ann:***@h/a?sslmode=disable"),
            ("postgres://ann:p@ss@h/a", "postgres://ann:***@h/a"),
            ("postgres://ann@h/a", "postgres://ann@h/a"),
        ] {
            let parsed = parsed(url);
            assert_eq!(parsed.to_string(), shown);
            assert_eq!(format!("{parsed:?}"), format!("PostgresUrl({shown})"));
            assert_eq!(parsed.expose(), url);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (url, wrong) in [
            ("mysql://ann@h/a", "it must begin with postgres://"),
            ("postgres:///a?user=ann", "it names no host"),
            ("postgres://h/a", "it names no user"),
            ("postgres://ann@h", "it names no database"),
            ("postgres://ann@h/", "it names no database"),
            ("postgres://ann:secret@h/a?colour=red", "invalid connection string: unknown option `colour`"),
        ] {
            assert_eq!(url.parse::<PostgresUrl>(), Err(InvalidPostgresUrl(wrong.to_owned())), "{url}");
        }
        for mode in ["prefer", "allow", "on"] {
            let error = format!("postgres://ann@h/a?sslmode={mode}").parse::<PostgresUrl>().expect_err(mode);
            assert!(error.to_string().starts_with("sslmode must be"), "{error}");
        }
    }

    #[test]
    fn the_authorities_are_read_from_a_file() {
        let url = parsed("postgres://ann@h/a?sslrootcert=%2Fetc%2Fssl%2Fown%20ca.pem&connect_timeout=3");
        assert_eq!(url.root_certificates(), Some(&PathBuf::from("/etc/ssl/own ca.pem")));
        assert_eq!(url.config().get_connect_timeout(), Some(&Duration::from_secs(3)));
    }
}
