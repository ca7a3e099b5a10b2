//! The HTTP client of the transports: no redirects, no proxy, bounded time, bounded responses.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode, Url};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::tls::{self, CaError};

/// The longest that a request may take, from the DNS lookup to the last byte of the response.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that connecting may take, over all addresses of a host, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest response body that is read. What a provider reports is shorter.
const MAX_BODY_LENGTH: usize = 64 * 1024;
const USER_AGENT: &str = concat!("asteroid/", env!("CARGO_PKG_VERSION"));

/// Sends requests over pooled connections.
pub(crate) struct HttpClient {
    ca: Option<PathBuf>,
    client: OnceCell<Client>,
}

/// The response to a request.
pub(crate) struct HttpResponse {
    pub(crate) status: StatusCode,
    /// The seconds that the server asks to wait before the next attempt.
    pub(crate) retry_after: Option<u32>,
    /// Empty if it could not be read, or is longer than the limit.
    pub(crate) body: Vec<u8>,
}

/// Why a request has no response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("there was no answer within {} s", TIMEOUT.as_secs())]
    Timeout,
    #[error("the request was not answered")]
    Request(#[source] reqwest::Error),
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    #[error("cannot connect within {} s", CONNECT_TIMEOUT.as_secs())]
    ConnectTimeout,
    #[error(transparent)]
    Ca(#[from] CaError),
}

impl HttpClient {
    /// A client that trusts the certificates in this PEM file, or those of [`webpki_roots`] if it is [`None`]. The
    /// first request reads the file.
    pub(crate) fn new(ca: Option<PathBuf>) -> Self {
        Self { ca, client: OnceCell::new() }
    }

    pub(crate) async fn post(
        &self,
        url: &Url,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        body: Vec<u8>,
    ) -> Result<HttpResponse, HttpError> {
        self.send(Method::POST, url, headers, body).await
    }

    pub(crate) async fn get(
        &self,
        url: &Url,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Result<HttpResponse, HttpError> {
        self.send(Method::GET, url, headers, Vec::new()).await
    }

    /// Connects to the server of this URL like a request, TLS included, and sends nothing.
    pub(crate) async fn connect(&self, url: &Url) -> Result<(), HttpError> {
        let connecting = async {
            let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the URL has no host"));
            };
            let name = host.trim_start_matches('[').trim_end_matches(']');
            let stream = TcpStream::connect((name, port)).await?;
            Ok((stream, name.to_owned()))
        };
        let within = timeout(CONNECT_TIMEOUT, connecting).await;
        let (stream, name) = within.map_err(|_| HttpError::ConnectTimeout)?.map_err(HttpError::Connect)?;
        if url.scheme() == "https" {
            let connector = TlsConnector::from(Arc::new(tls::client(self.ca.as_deref())?));
            let name = ServerName::try_from(name)
                .map_err(|error| HttpError::Connect(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
            let handshake = timeout(CONNECT_TIMEOUT, connector.connect(name, stream)).await;
            handshake.map_err(|_| HttpError::ConnectTimeout)?.map_err(HttpError::Connect)?;
        }
        Ok(())
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        body: Vec<u8>,
    ) -> Result<HttpResponse, HttpError> {
        let client = self.client.get_or_try_init(|| async { self.build() }).await?;
        let headers: HeaderMap = headers.into_iter().collect();
        let response = client.request(method, url.clone()).headers(headers).body(body).send().await?;
        let status = response.status();
        let retry_after =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(HttpResponse { status, retry_after, body: read_body(response).await? })
    }

    fn build(&self) -> Result<Client, HttpError> {
        Ok(Client::builder()
            .tls_backend_preconfigured(tls::client(self.ca.as_deref())?)
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build()?)
    }
}

/// Reads the body up to the limit. The status decides what becomes of a message, so a body that breaks off or is too
/// long counts as empty; one that does not end in time is a timeout.
async fn read_body(mut response: Response) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_BODY_LENGTH => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) if error.is_timeout() => return Err(HttpError::Timeout),
            Ok(Some(_)) | Err(_) => return Ok(Vec::new()),
        }
    }
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() {
            Self::Timeout
        } else {
            // A webhook's URL may hold a secret.
            Self::Request(error.without_url())
        }
    }
}
