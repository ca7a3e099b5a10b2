use std::future::Future;
use std::io;
use std::time::Duration;

use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{self, Data, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::io::BufReader;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use url::Host;

use super::failure::{Failure, Step};
use super::line_by_line::LineByLine;
use super::mail::Mail;
use crate::tls;
use crate::url::{Security, SmtpUrl};

/// A connection to a mail server that knows us.
pub(super) struct Session(AsyncSmtpConnection);

/// When a delivery is given up.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    within: Duration,
    deadline: Instant,
}

/// A server that takes longer to answer whether it is there is taken for gone.
const ALIVE_TIMEOUT: Duration = Duration::from_secs(2);

impl Limit {
    pub(super) fn new(within: Duration) -> Self {
        Self { within, deadline: Instant::now() + within }
    }

    async fn keep<T>(
        self,
        step: Step,
        work: impl Future<Output = Result<T, smtp::Error>>,
    ) -> Result<T, Failure> {
        match timeout_at(self.deadline, work).await {
            Ok(done) => done.map_err(|error| Failure::of(step, &error)),
            Err(_) => Err(Failure::Late { step, within: self.within }),
        }
    }
}

impl Session {
    /// Connects, begins TLS and logs in, as the URL says.
    pub(super) async fn open(url: &SmtpUrl, limit: Limit) -> Result<Self, Failure> {
        let hello = ClientId::Domain(url.from.email.domain().to_owned());
        let mut connection = if url.security == Security::Implicit {
            let (server, tls) = ((host_name(&url.host), url.port), trust(url)?);
            let connecting =
                AsyncSmtpConnection::connect_tokio1(server, Some(limit.within / 2), &hello, Some(tls), None);
            limit.keep(Step::Connect, connecting).await?
        } else {
            let stream = LineByLine(BufReader::new(connect(url, limit).await?));
            let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello);
            let mut connection = limit.keep(Step::Connect, greeting).await?;
            if url.security != Security::None && connection.can_starttls() {
                limit.keep(Step::StartTls, connection.starttls(trust(url)?, &hello)).await?;
            } else if url.security == Security::Required {
                return Err(Failure::NoStartTls);
            }
            connection
        };
        if let Some(login) = &url.login {
            if connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                return Err(Failure::NoMechanism);
            }
            let credentials = Credentials::new(login.name.clone(), login.password.0.clone());
            limit.keep(Step::Login, connection.auth(DEFAULT_MECHANISMS, &credentials)).await?;
        }
        Ok(Self(connection))
    }

    /// Whether the server still answers.
    pub(super) async fn is_alive(&mut self, limit: Limit) -> bool {
        let deadline = limit.deadline.min(Instant::now() + ALIVE_TIMEOUT);
        timeout_at(deadline, self.0.test_connected()).await.unwrap_or(false)
    }

    /// Hands a message over. After a failure the session is of no use any more.
    pub(super) async fn hand_over(&mut self, mail: &Mail, limit: Limit) -> Result<(), Failure> {
        let Self(connection) = self;
        let mut parameters = Vec::new();
        if !mail.to.user().is_ascii() {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Failure::NoSmtpUtf8);
            }
            // RFC 6531, 3.1: who offers the one offers the other.
            parameters
                .extend([MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)]);
        }
        let from = commands::Mail::new(Some(mail.from.clone()), parameters);
        limit.keep(Step::Sender, connection.command(from)).await?;
        let to = Rcpt::new(mail.to.clone(), Vec::new());
        limit.keep(Step::Recipient, connection.command(to)).await?;
        let go_on = limit.keep(Step::Data, connection.command(Data)).await?;
        expect(&go_on, Severity::PositiveIntermediate, Step::Data)?;
        let taken = limit.keep(Step::Content, connection.message(&mail.content)).await?;
        expect(&taken, Severity::PositiveCompletion, Step::Content)
    }
}

/// An answer that is good, but not to what was asked, means that the two sides have lost each other.
fn expect(answer: &Response, severity: Severity, step: Step) -> Result<(), Failure> {
    if answer.code().severity == severity { Ok(()) } else { Err(Failure::Gibberish(step)) }
}

/// Connects to the first address that takes it on; one that is silent leaves half of the time to the others.
async fn connect(url: &SmtpUrl, limit: Limit) -> Result<TcpStream, Failure> {
    let connecting = async {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in lookup_host((host_name(&url.host), url.port)).await? {
            match timeout(limit.within / 2, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    };
    match timeout_at(limit.deadline, connecting).await {
        Ok(connected) => {
            connected.map_err(|error| Failure::Broken { step: Step::Connect, reason: error.to_string() })
        }
        Err(_) => Err(Failure::Late { step: Step::Connect, within: limit.within }),
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

/// Whose certificate is accepted: the host's, by the authorities in the URL's file or else those that browsers
/// trust.
fn trust(url: &SmtpUrl) -> Result<TlsParameters, Failure> {
    let broken = |error: smtp::Error| Failure::of(Step::StartTls, &error);
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
                .map_err(broken)?
        }
    };
    tls.build_rustls().map_err(broken)
}
