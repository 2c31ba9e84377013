//! The server's own TLS: what the certificate files of the settings make of a listener. Without them it speaks plain HTTP,
//! which is right behind a proxy that ends TLS.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::TlsFiles;
use crate::{Error, Result};

/// Reads the files. Every fault names the setting, the file and what is wrong with it.
pub fn server_config(files: &TlsFiles) -> Result<ServerConfig> {
    let (chain, key) = (certificates(files)?, key(files)?);
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Config(format!("TLS cannot start: {error}")))?;
    config.with_no_client_auth().with_single_cert(chain, key).map_err(|error| {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        Error::Config(format!("tls_certificate ({certificate}) and tls_key ({key}) do not fit: {error}"))
    })
}

fn certificates(files: &TlsFiles) -> Result<Vec<CertificateDer<'static>>> {
    let wrong = |what: String| wrong("tls_certificate", &files.certificate, &what);
    let parts = CertificateDer::pem_file_iter(&files.certificate).map_err(|error| wrong(explain(&error)))?;
    let chain: Vec<_> = parts.collect::<std::result::Result<_, _>>().map_err(|error| wrong(explain(&error)))?;
    if chain.is_empty() { Err(wrong("holds no PEM certificate".to_owned())) } else { Ok(chain) }
}

fn key(files: &TlsFiles) -> Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_file(&files.key).map_err(|error| wrong("tls_key", &files.key, &explain(&error)))
}

fn explain(error: &pem::Error) -> String {
    match error {
        pem::Error::Io(error) => format!("cannot be read: {error}"),
        pem::Error::NoItemsFound => "holds no PEM private key".to_owned(),
        other => format!("is not PEM: {other:?}"),
    }
}

fn wrong(setting: &str, path: &std::path::Path, what: &str) -> Error {
    Error::Config(format!("setting {setting} is {}, which {what}", path.display()))
}
