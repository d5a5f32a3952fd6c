//! TLS: the server's certificate. It is read from files, and read again when they change.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use crate::config::{SettingError, TlsFiles};
use crate::error::Error;

/// How often to look at the files. Tools renew a certificate days before it expires.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The content of the files.
#[derive(PartialEq, Eq)]
struct Pem {
    cert: Vec<u8>,
    key: Vec<u8>,
}

/// The certificate that the server uses now.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// A certificate that follows its files.
pub(crate) struct Tls {
    files: TlsFiles,
    shown: Pem,
    current: Arc<Current>,
}

impl Tls {
    /// Reads the files.
    pub(crate) async fn open(files: TlsFiles) -> Result<Self, Error> {
        let shown = read(&files).await?;
        let current = Arc::new(Current(RwLock::new(Arc::new(certified_key(&files, &shown)?))));
        Ok(Self { files, shown, current })
    }

    /// Accepts connections with whatever certificate is the current one.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|err| invalid("--tls-cert", &self.files.cert, err))?
            .with_no_client_auth()
            .with_cert_resolver(self.current.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again when they change. If the new files cannot be used, the server keeps the old certificate.
    pub(crate) async fn follow_files(mut self) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        let mut refused = None;
        loop {
            ticks.tick().await;
            let changed = match read(&self.files).await {
                Ok(pem) if pem == self.shown => continue,
                Ok(pem) => certified_key(&self.files, &pem).map(|key| (pem, key)),
                Err(err) => Err(err),
            };
            match changed {
                Ok((pem, key)) => {
                    *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                    (self.shown, refused) = (pem, None);
                    tracing::info!(cert = %self.files.cert.display(), "the certificate has changed");
                }
                Err(err) => {
                    // The two files are not written at the same moment, so a short error is normal. A lasting error
                    // is logged once.
                    let told = Some(err.to_string());
                    if refused != told {
                        tracing::warn!(%err, "the new certificate cannot be used; the server keeps the old one");
                        refused = told;
                    }
                }
            }
        }
    }
}

/// Fails if these files cannot be used.
pub(crate) async fn check(files: &TlsFiles) -> Result<(), Error> {
    certified_key(files, &read(files).await?).map(drop)
}

async fn read(files: &TlsFiles) -> Result<Pem, Error> {
    let cert = tokio::fs::read(&files.cert).await.map_err(|err| invalid("--tls-cert", &files.cert, err))?;
    let key = tokio::fs::read(&files.key).await.map_err(|err| invalid("--tls-key", &files.key, err))?;
    Ok(Pem { cert, key })
}

fn certified_key(files: &TlsFiles, pem: &Pem) -> Result<CertifiedKey, Error> {
    let no_cert =
        |err| invalid("--tls-cert", &files.cert, format_args!("it has no certificate in PEM ({err})"));
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(&pem.cert).collect::<Result<_, _>>().map_err(no_cert)?;
    let no_key = |err| invalid("--tls-key", &files.key, format_args!("it has no private key in PEM ({err})"));
    let key = PrivateKeyDer::from_pem_slice(&pem.key).map_err(no_key)?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|err| {
        invalid(
            "--tls-cert",
            &files.cert,
            format_args!("the certificate does not belong to --tls-key ({err})"),
        )
    })
}

fn invalid(setting: &'static str, file: &Path, why: impl std::fmt::Display) -> Error {
    SettingError { setting, rule: format!("cannot be used: {}: {why}", file.display()) }.into()
}
