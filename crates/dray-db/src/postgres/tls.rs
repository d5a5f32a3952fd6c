//! TLS to Postgres, with the certificate authorities that this machine trusts. The address says whether to use it
//! (`sslmode`).

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::open_error::OpenError;

pub(super) fn connector() -> Result<MakeRustlsConnect, OpenError> {
    let mut roots = RootCertStore::empty();
    // Some certificates of a machine may be of an unknown kind. They are ignored.
    let (_, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|err| OpenError::Pool(err.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
