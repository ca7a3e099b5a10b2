//! Connecting to `PostgreSQL`, with TLS.

use std::path::PathBuf;
use std::time::Duration;

use asteroid_kernel::{BoxError, in_one_line};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::options::PostgresUrl;

/// The TLS stream of a connection.
type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// The database ends a transaction that is idle for this long, for example after its server lost the network.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);

/// Why connecting failed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The file of root certificates cannot be used.
    #[error("the certificates in {} (sslrootcert) cannot be used", path.display())]
    RootCertificates {
        /// The file.
        path: PathBuf,
        /// Why.
        source: BoxError,
    },
    /// The server cannot be reached, or it rejected the connection.
    #[error("PostgreSQL cannot be reached at {url}")]
    Unreachable {
        /// The URL, without the password.
        url: String,
        /// Why.
        source: BoxError,
    },
    /// The connection pool cannot be created.
    #[error("the connection pool cannot be created")]
    Pool(#[source] BoxError),
}

/// Opens connections to one database.
#[derive(Clone)]
pub(super) struct Connector {
    config: Config,
    tls: MakeRustlsConnect,
}

impl Connector {
    pub(super) fn new(url: &PostgresUrl, timeout: Duration) -> Result<Self, ConnectError> {
        let mut config = url.config().clone();
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(timeout);
        }
        let provider = rustls::crypto::ring::default_provider();
        let tls = ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(|error| ConnectError::Pool(error.into()))?
            .with_root_certificates(root_certificates(url)?)
            .with_no_client_auth();
        Ok(Self { config, tls: MakeRustlsConnect::new(tls) })
    }

    /// A connection without diesel. A task of the runtime drives it.
    pub(super) async fn client(&self) -> Result<Client, BoxError> {
        let (client, connection) = self.establish().await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// A client, and the connection that has to be polled for it.
    async fn establish(&self) -> Result<(Client, Connection<Socket, Stream>), String> {
        // The cause is in the sources of the error.
        self.config.connect(self.tls.clone()).await.map_err(|error| in_one_line(&error))
    }

    /// A connection of diesel.
    pub(super) async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        let established = self.establish().await;
        let (client, connection) = established.map_err(ConnectionError::BadConnection)?;
        let mut conn = AsyncPgConnection::try_from_client_and_connection(client, connection).await?;
        let settings =
            format!("SET idle_in_transaction_session_timeout = {}", IDLE_IN_TRANSACTION.as_millis());
        conn.batch_execute(&settings).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }
}

/// The root certificates: those of the URL, or the public ones.
fn root_certificates(url: &PostgresUrl) -> Result<RootCertStore, ConnectError> {
    let Some(path) = url.root_certificates() else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let failed = |source: BoxError| ConnectError::RootCertificates { path: path.clone(), source };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(error.into()))? {
        let certificate = certificate.map_err(|error| failed(error.into()))?;
        store.add(certificate).map_err(|error| failed(error.into()))?;
    }
    if store.is_empty() { Err(failed(PemError::NoItemsFound.into())) } else { Ok(store) }
}
