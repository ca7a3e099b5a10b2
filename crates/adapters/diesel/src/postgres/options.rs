//! Options and the URL of a `PostgreSQL` database.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// The database, and the limits on connections and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    /// The database.
    pub url: PostgresUrl,
    /// The maximum number of open connections.
    pub connections: usize,
    /// The maximum number of units of work that wait for a connection. Further ones fail with
    /// [`StorageError::Busy`](asteroid_kernel::StorageError::Busy).
    pub queue_length: usize,
    /// The maximum time that a unit of work waits for a connection; then it fails with
    /// [`StorageError::Busy`](asteroid_kernel::StorageError::Busy).
    pub longest_wait: Duration,
    /// The time limit of a unit of work, including the wait and all retries; then it is rolled back. It is also the
    /// `statement_timeout` of the server.
    pub unit_timeout: Duration,
}

impl PostgresOptions {
    /// Options with 16 connections, a queue of 1024 units, and a time limit of 1.5 seconds.
    #[must_use]
    pub fn new(url: PostgresUrl) -> Self {
        let time = Duration::from_millis(1500);
        Self { url, connections: 16, queue_length: 1024, longest_wait: time, unit_timeout: time }
    }
}

/// Whether the connection to the database is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// No TLS.
    Disabled,
    /// TLS, with verification of the certificate and the host name.
    Verified,
}

/// The URL of a `PostgreSQL` database:
/// `postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=require&sslrootcert=FILE`.
///
/// Without `sslmode`, TLS is required, except for a loopback address or a Unix socket. With TLS the certificate is
/// always verified, against the public root certificates or those in `sslrootcert`. `sslmode=disable` disables TLS.
/// `prefer` and `allow` are rejected, because an attacker on the network can downgrade them to no TLS. The URL may name
/// several hosts (`HOST1,HOST2`, with `target_session_attrs=read-write`). `options`, `application_name` and the
/// keep-alive settings are also supported.
///
/// Special characters of a password or value are percent-encoded. An unescaped `@` is rejected: it would be unclear where
/// the password ends.
///
/// [`Debug`](fmt::Debug) and [`Display`](fmt::Display) do not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    text: String,
    config: Config,
    root_certificates: Option<PathBuf>,
}

/// The text is not a URL of a `PostgreSQL` database. The message contains nothing of the URL but names of known parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPostgresUrl(String);

/// The parameters of [`Config`], and those that are read here.
const PARAMETERS: [&str; 20] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

impl PostgresUrl {
    /// The URL, including the password.
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

    /// Whether all hosts are this machine: loopback addresses or Unix sockets.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_local(&self.config)
    }

    /// The file of root certificates. [`None`] means the public ones.
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
        let (credentials, rest) = text.split_at(text.find('@').map_or(0, |at| at + 1));
        if rest.contains('@') {
            return Err(wrong("it contains more than one `@`: in names, passwords and values write `%40`"));
        }
        let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (mut mode, mut root_certificates, mut others) = (None, None, Vec::new());
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            // Not named: it may be half of a password.
            if !PARAMETERS.contains(&name) {
                return Err(InvalidPostgresUrl(format!(
                    "it has an unknown parameter; the known ones are {}",
                    PARAMETERS.join(", ")
                )));
            }
            match (name, value) {
                ("sslmode", "disable") => mode = Some(SslMode::Disable),
                ("sslmode", "require" | "verify-ca" | "verify-full") => mode = Some(SslMode::Require),
                ("sslmode", _) => {
                    return Err(wrong(
                        "sslmode must be \"require\" (the certificate is verified), \"verify-full\" (the same) or \
                         \"disable\"",
                    ));
                }
                ("sslrootcert", path) if !path.is_empty() => {
                    root_certificates =
                        Some(PathBuf::from(percent_decoded(path).ok_or_else(|| {
                            wrong("sslrootcert must be the path of a file, percent-encoded")
                        })?));
                }
                _ => others.push(parameter),
            }
        }
        let parameters = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
        let plain = format!("{credentials}{address}{parameters}");
        // The message of the library names the parameter, which is a known one, but not its value.
        let mut config = Config::from_str(&plain).map_err(|error| InvalidPostgresUrl(with_source(&error)))?;
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

fn percent_decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn with_source(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    let source = error.source().map_or_else(String::new, |source| format!(": {source}"));
    format!("{error}{source}")
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.text.split_once("://") else { return Ok(()) };
        write!(f, "{scheme}://")?;
        let rest = match rest.split_once('@') {
            None => rest,
            Some((credentials, rest)) => {
                match credentials.split_once(':') {
                    None => write!(f, "{credentials}@")?,
                    Some((user, _)) => write!(f, "{user}:***@")?,
                }
                rest
            }
        };
        let (address, parameters) = rest.split_once('?').map_or((rest, None), |(a, b)| (a, Some(b)));
        f.write_str(address)?;
        for (index, parameter) in parameters.iter().flat_map(|text| text.split('&')).enumerate() {
            f.write_str(if index == 0 { "?" } else { "&" })?;
            f.write_str(if parameter.starts_with("password=") { "password=***" } else { parameter })?;
        }
        Ok(())
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
    fn tls_is_required_and_verified_except_on_this_machine() {
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
            ("postgres://ann:p/s?s:s@h/a?sslmode=disable", "postgres://ann:***@h/a?sslmode=disable"),
            ("postgres:///a?host=h&user=ann&password=p%40ss", "postgres:///a?host=h&user=ann&password=***"),
            ("postgres://ann@h/a", "postgres://ann@h/a"),
        ] {
            let parsed = parsed(url);
            assert_eq!(parsed.to_string(), shown);
            assert_eq!(format!("{parsed:?}"), format!("PostgresUrl({shown})"));
            assert_eq!(parsed.expose(), url);
        }
    }

    #[test]
    fn an_invalid_url_is_rejected_with_its_reason() {
        for (url, wrong) in [
            ("mysql://ann@h/a", "it must begin with postgres://"),
            ("postgres:///a?user=ann", "it names no host"),
            ("postgres://h/a", "it names no user"),
            ("postgres://ann@h", "it names no database"),
            ("postgres://ann@h/", "it names no database"),
            ("postgres://ann:secret@h:red/a", "invalid connection string: invalid value for option `port`"),
            (
                "postgres://ann:p@ss@h/a",
                "it contains more than one `@`: in names, passwords and values write `%40`",
            ),
        ] {
            assert_eq!(url.parse::<PostgresUrl>(), Err(InvalidPostgresUrl(wrong.to_owned())), "{url}");
        }
        for parameter in ["colour=red", "pass%77ord=red", "ss"] {
            let error =
                format!("postgres://ann@h/a?{parameter}").parse::<PostgresUrl>().expect_err(parameter);
            let named = "it has an unknown parameter; the known ones are application_name, channel_binding, ";
            assert!(error.to_string().starts_with(named), "{error}");
        }
        for mode in ["prefer", "allow", "on"] {
            let error = format!("postgres://ann@h/a?sslmode={mode}").parse::<PostgresUrl>().expect_err(mode);
            assert!(error.to_string().starts_with("sslmode must be"), "{error}");
        }
    }

    #[test]
    fn the_root_certificates_come_from_a_file() {
        let url = parsed("postgres://ann@h/a?sslrootcert=%2Fetc%2Fssl%2Fown%20ca.pem&connect_timeout=3");
        assert_eq!(url.root_certificates(), Some(&PathBuf::from("/etc/ssl/own ca.pem")));
        assert_eq!(url.config().get_connect_timeout(), Some(&Duration::from_secs(3)));
    }
}
