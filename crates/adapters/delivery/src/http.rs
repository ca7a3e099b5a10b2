//! The client that HTTP requests are sent with. No redirect is followed, and no proxy used.

use std::path::PathBuf;
use std::time::Duration;

use http_body_util::{BodyExt as _, Collected, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::OnceCell;
use tokio::time;

use crate::tls::{self, CaError};

/// How long a request may take, with all that it needs.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);
/// How long connecting may take, over all the addresses of a host.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// So much of an answer is read; what a provider has to say is shorter.
const BODY_LIMIT: usize = 64 * 1024;

type Https = HttpsConnector<HttpConnector>;

/// Sends requests over kept connections.
pub(crate) struct HttpClient {
    ca: Option<PathBuf>,
    client: OnceCell<Client<Https, Full<Bytes>>>,
}

/// What a request was answered with.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// How many seconds to wait before trying again.
    pub(crate) retry_after: Option<u32>,
    /// Empty if it could not be read, or is too long.
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpFailure {
    #[error("there was no answer within {} s", TIMEOUT.as_secs())]
    Late,
    #[error("the request was not answered")]
    Broken(#[source] legacy::Error),
    #[error(transparent)]
    Ca(#[from] CaError),
}

impl HttpClient {
    /// A client that trusts the certificates in this file, or else the authorities that browsers trust. The file is
    /// read for the first request.
    pub(crate) fn new(ca: Option<PathBuf>) -> Self {
        Self { ca, client: OnceCell::new() }
    }

    pub(crate) async fn post(
        &self,
        uri: &Uri,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        body: Vec<u8>,
    ) -> Result<Answer, HttpFailure> {
        let mut request = Request::post(uri)
            .header("user-agent", concat!("asteroid/", env!("CARGO_PKG_VERSION")))
            .body(Full::from(body))
            .expect("a method, a URI and a constant header make a request");
        request.headers_mut().extend(headers);
        time::timeout(TIMEOUT, self.send(request)).await.unwrap_or(Err(HttpFailure::Late))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, HttpFailure> {
        let client = self.client.get_or_try_init(|| async { self.connect() }).await?;
        let response = client.request(request).await.map_err(HttpFailure::Broken)?;
        let (head, body) = response.into_parts();
        let retry_after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        // The status has said all that matters: a body that breaks off changes nothing.
        let body = Limited::new(body, BODY_LIMIT).collect().await.map(Collected::to_bytes);
        Ok(Answer { status: head.status, retry_after, body: body.unwrap_or_default() })
    }

    fn connect(&self) -> Result<Client<Https, Full<Bytes>>, CaError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls::client(self.ca.as_deref())?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(https))
    }
}
