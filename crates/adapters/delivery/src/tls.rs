//! The certificates that transports trust.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};

/// Why the certificates of a file cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaError {
    #[error("the certificates in {0} cannot be read")]
    Unreadable(PathBuf, #[source] pem::Error),
    #[error("there is no certificate in {0}")]
    Empty(PathBuf),
    #[error("a certificate in {0} cannot be trusted")]
    Invalid(PathBuf, #[source] rustls::Error),
}

/// The certificates in this PEM file.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CaError> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| CaError::Unreadable(path.to_owned(), error))?;
    if certificates.is_empty() { Err(CaError::Empty(path.to_owned())) } else { Ok(certificates) }
}

/// A TLS client that trusts the certificates in this PEM file, or Mozilla's root certificates if it is [`None`].
pub(crate) fn client(ca: Option<&Path>) -> Result<ClientConfig, CaError> {
    let mut roots = RootCertStore::empty();
    match ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| CaError::Invalid(path.to_owned(), error))?;
            }
        }
    }
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default TLS versions")
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Why the certificates in this file cannot be trusted, for the operator; [`None`] if they can.
pub(crate) fn problem(ca: Option<&Path>) -> Option<String> {
    let error = client(ca).err()?;
    let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
    Some(format!("{error}{}", source.unwrap_or_default()))
}
