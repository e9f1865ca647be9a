//! `--tls-cert` and `--tls-key`: what the application is served with by HTTPS.

use anyhow::{Context, Result};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde::{Deserialize, Serialize};
use std::{fmt, fs, path::PathBuf, sync::Arc};

/// Where the certificate and its key are.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate and those that vouch for it, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// What the files say: the workers get it in the plan, so that a reload finds new ones.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Tls {
    certificate: String,
    key: String,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads both files. Errors name the flag and what is wrong with its file.
    pub fn read(files: &TlsFiles) -> Result<Self> {
        let read = |flag: &str, path: &PathBuf| {
            fs::read_to_string(path)
                .with_context(|| format!("{flag} {}: cannot read it", path.display()))
        };
        let tls = Self {
            certificate: read("--tls-cert", &files.certificate)?,
            key: read("--tls-key", &files.key)?,
        };
        tls.config()?;
        Ok(tls)
    }

    /// How connections are secured.
    pub fn config(&self) -> Result<ServerConfig> {
        let certificates = CertificateDer::pem_slice_iter(self.certificate.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .context("--tls-cert: the file is no certificate in PEM")?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes())
            .context("--tls-key: the file is no private key in PEM")?;
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .context("TLS cannot be set up")?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .context("--tls-cert and --tls-key do not go together")
    }
}
