//! One session with a mail server, on lettre's low-level client.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{self, Data, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use rustls::pki_types::ServerName;
use tokio::io::BufReader;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use super::bounded_replies::BoundedReplies;
use super::email::ComposedEmail;
use super::error::{SmtpError, SmtpStep};
use super::line_by_line::LineByLine;
use super::{SmtpSecurity, SmtpUrl};
use crate::tls;

/// An authenticated connection to a mail server.
pub(super) struct SmtpSession(AsyncSmtpConnection);

/// The time by which an attempt to deliver ends.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    within: Duration,
    at: Instant,
}

/// A server that takes longer to answer NOOP counts as unreachable.
const ALIVE_TIMEOUT: Duration = Duration::from_secs(2);

impl Deadline {
    pub(super) fn after(within: Duration) -> Self {
        Self { within, at: Instant::now() + within }
    }

    /// Runs a step of the session until the deadline.
    async fn run<T>(
        self,
        step: SmtpStep,
        future: impl Future<Output = Result<T, smtp::Error>>,
    ) -> Result<T, SmtpError> {
        match timeout_at(self.at, future).await {
            Ok(result) => result.map_err(|error| SmtpError::new(step, &error)),
            Err(_) => Err(SmtpError::Timeout { step, within: self.within }),
        }
    }
}

impl SmtpSession {
    /// Connects, starts TLS and authenticates as the URL says.
    pub(super) async fn open(url: &SmtpUrl, deadline: Deadline) -> Result<Self, SmtpError> {
        let hello = ClientId::Domain(url.from.email.domain().to_owned());
        let (stream, peer) = connect(url, deadline).await?;
        let mut connection = if url.security == SmtpSecurity::Implicit {
            let stream = BoundedReplies::new(encrypt(url, stream, deadline).await?, peer);
            let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello);
            deadline.run(SmtpStep::Connect, greeting).await?
        } else {
            let stream = BoundedReplies::new(LineByLine(BufReader::new(stream)), peer);
            let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello);
            let mut connection = deadline.run(SmtpStep::Connect, greeting).await?;
            if url.security != SmtpSecurity::None && connection.can_starttls() {
                deadline.run(SmtpStep::StartTls, connection.starttls(tls_parameters(url)?, &hello)).await?;
            } else if url.security == SmtpSecurity::Required {
                return Err(SmtpError::NoStartTls);
            }
            connection
        };
        if let Some(auth) = &url.credentials {
            if connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                return Err(SmtpError::NoAuthMechanism);
            }
            let credentials = Credentials::new(auth.user.clone(), auth.password.0.clone());
            deadline.run(SmtpStep::Auth, connection.auth(DEFAULT_MECHANISMS, &credentials)).await?;
        }
        Ok(Self(connection))
    }

    /// Whether the server still answers.
    pub(super) async fn is_alive(&mut self, deadline: Deadline) -> bool {
        let deadline = deadline.at.min(Instant::now() + ALIVE_TIMEOUT);
        timeout_at(deadline, self.0.test_connected()).await.unwrap_or(false)
    }

    /// Ends the session. The reply does not matter.
    pub(super) async fn quit(mut self, deadline: Deadline) {
        let _ = timeout_at(deadline.at.min(Instant::now() + ALIVE_TIMEOUT), self.0.quit()).await;
    }

    /// Sends a message. After an error the session cannot be used again.
    pub(super) async fn send(&mut self, email: &ComposedEmail, deadline: Deadline) -> Result<(), SmtpError> {
        let Self(connection) = self;
        let mut parameters = Vec::new();
        if !email.to.user().is_ascii() {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(SmtpError::NoSmtpUtf8);
            }
            // RFC 6531, 3.1: a server that offers SMTPUTF8 offers 8BITMIME.
            parameters
                .extend([MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)]);
        }
        let from = commands::Mail::new(Some(email.from.clone()), parameters);
        deadline.run(SmtpStep::MailFrom, connection.command(from)).await?;
        let to = Rcpt::new(email.to.clone(), Vec::new());
        deadline.run(SmtpStep::RcptTo, connection.command(to)).await?;
        let intermediate = deadline.run(SmtpStep::Data, connection.command(Data)).await?;
        expect(&intermediate, Severity::PositiveIntermediate, SmtpStep::Data)?;
        let accepted = deadline.run(SmtpStep::Message, connection.message(&email.content)).await?;
        expect(&accepted, Severity::PositiveCompletion, SmtpStep::Message)
    }
}

/// A positive reply of another kind means that client and server are out of step.
fn expect(reply: &Response, severity: Severity, step: SmtpStep) -> Result<(), SmtpError> {
    if reply.code().severity == severity { Ok(()) } else { Err(SmtpError::Protocol(step)) }
}

/// Connects to the first address that accepts. A silent address uses at most half of the time.
async fn connect(url: &SmtpUrl, deadline: Deadline) -> Result<(TcpStream, SocketAddr), SmtpError> {
    let connecting = async {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in lookup_host((host_name(&url.host), url.port)).await? {
            match timeout(deadline.within / 2, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok((stream, address)),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    };
    match timeout_at(deadline.at, connecting).await {
        Ok(connected) => connected
            .map_err(|error| SmtpError::Connection { step: SmtpStep::Connect, reason: error.to_string() }),
        Err(_) => Err(SmtpError::Timeout { step: SmtpStep::Connect, within: deadline.within }),
    }
}

/// Starts TLS before the first reply.
async fn encrypt(
    url: &SmtpUrl,
    stream: TcpStream,
    deadline: Deadline,
) -> Result<TlsStream<TcpStream>, SmtpError> {
    let step = SmtpStep::Connect;
    let failed = |reason: String| SmtpError::Connection { step, reason };
    let host = ServerName::try_from(host_name(&url.host)).map_err(|error| failed(error.to_string()))?;
    let client = TlsConnector::from(Arc::new(tls::client(url.ca.as_deref())?));
    match timeout_at(deadline.at, client.connect(host, stream)).await {
        Ok(encrypted) => encrypted.map_err(|error| failed(error.to_string())),
        Err(_) => Err(SmtpError::Timeout { step, within: deadline.within }),
    }
}

/// The host without the brackets around an IPv6 address.
fn host_name(host: &Host) -> String {
    match host {
        Host::Domain(name) => name.clone(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

/// Accepts the host's certificate, issued by an authority in the URL's `ca` file or, without one, by a public one.
fn tls_parameters(url: &SmtpUrl) -> Result<TlsParameters, SmtpError> {
    let to_error = |error: smtp::Error| SmtpError::new(SmtpStep::StartTls, &error);
    let mut tls = TlsParameters::builder(host_name(&url.host));
    tls = match url.ca.as_deref() {
        None => tls.certificate_store(CertificateStore::WebpkiRoots),
        Some(path) => {
            let certificates = tls::certificates(path)?;
            certificates
                .into_iter()
                .try_fold(tls.certificate_store(CertificateStore::None), |tls, certificate| {
                    Certificate::from_der(certificate.to_vec()).map(|root| tls.add_root_certificate(root))
                })
                .map_err(to_error)?
        }
    };
    tls.build_rustls().map_err(to_error)
}
