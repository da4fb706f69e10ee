//! TLS without a proxy in front: one certificate, read again on SIGHUP.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use thiserror::Error as ThisError;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use crate::config;

/// Why there is no TLS.
#[derive(Debug, ThisError)]
#[allow(missing_docs, reason = "the messages are the documentation")]
pub enum Error {
    #[error("certificate {path}: {reason}")]
    Certificate { path: String, reason: String },
    #[error("key {path}: {reason}")]
    Key { path: String, reason: String },
    #[error("certificate and key do not go together: {0}")]
    Pair(rustls::Error),
}

/// The certificate in force.
pub(super) struct Tls {
    config: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Reads certificate and key.
    pub(super) fn load(files: &config::Tls) -> Result<Self, Error> {
        Ok(Self {
            config: ArcSwap::new(read(files)?),
        })
    }

    /// Reads them again; connections that are open keep what they have.
    pub(super) fn reload(&self, files: &config::Tls) -> Result<(), Error> {
        self.config.store(read(files)?);
        Ok(())
    }

    /// For the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.load_full())
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn read(files: &config::Tls) -> Result<Arc<ServerConfig>, Error> {
    let chain = certificates(&files.certificate).map_err(|reason| Error::Certificate {
        path: files.certificate.display().to_string(),
        reason,
    })?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| Error::Key {
        path: files.key.display().to_string(),
        reason: error.to_string(),
    })?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::Pair)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(Error::Pair)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| error.to_string())?;
    if chain.is_empty() {
        return Err("no certificate in it".to_owned());
    }
    Ok(chain)
}
