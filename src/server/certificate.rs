//! The certificate that the server shows, and how it is replaced while the server runs.

mod files;
mod watch;

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::ServerConfig;

use super::self_signed::SelfSigned;
use files::Loaded;
pub use files::{CertificateError, Purpose};

/// Where the certificate is, and which clients are let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate in PEM, with its chain behind it.
    pub certificate: PathBuf,
    /// Its private key in PEM, not encrypted.
    pub key: PathBuf,
    /// Certificates in PEM, one of which must have signed a client's; none asks clients for no certificate.
    pub client_ca: Option<PathBuf>,
    /// A client's certificate has one of these as a subject alternative name or its common name; empty lets in all that
    /// are signed. Case does not matter. Only with `client_ca`.
    pub client_names: Vec<String>,
    /// Speak TLS 1.2 too, not 1.3 alone.
    pub minimum_1_2: bool,
}

/// What operators want to know of the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateStatus {
    /// When the certificate that is shown ends.
    pub not_after: Timestamp,
    /// Whether it was what is on disk when that was last looked at, at most about ten seconds ago.
    pub served_is_on_disk: bool,
    /// How often it was replaced.
    pub reloads: u64,
    /// How often what is on disk was looked at and could not be used.
    pub failures: u64,
    /// What was wrong with what is on disk; none when nothing is.
    pub last_failure: Option<String>,
}

/// The certificate that the server shows. Clones show the same.
#[derive(Clone)]
pub struct Certificates(Arc<Shared>);

struct Shared {
    /// None when there is nothing to replace it by.
    files: Option<CertificateFiles>,
    current: ArcSwap<Loaded>,
    /// Held while files are read: of two that read at the same time, the one that read first must not win.
    reading: Mutex<()>,
    looks: Mutex<Looks>,
}

/// What came of looking at the files.
#[derive(Default)]
struct Looks {
    reloads: u64,
    failures: u64,
    last_failure: Option<String>,
}

impl Certificates {
    /// Reads the certificate, its key and the authorities of clients, and checks that they belong together.
    ///
    /// Whether a certificate has ended is not looked at: that is no reason not to start, and `not_after` tells.
    ///
    /// # Errors
    /// A file that cannot be read, is too large or holds something else; a key of another certificate.
    pub fn load(files: CertificateFiles) -> Result<Self, CertificateError> {
        let loaded = files::load(&files)?;
        Ok(Self::new(Some(files), loaded))
    }

    /// Shows a certificate that is in no file. Clients are asked for none, and TLS is 1.3.
    ///
    /// # Errors
    /// When the certificate and its key do not belong together.
    pub fn from_memory(certificate: &SelfSigned) -> Result<Self, CertificateError> {
        Ok(Self::new(None, files::from_memory(certificate.chain.clone(), certificate.key.clone_key())?))
    }

    fn new(files: Option<CertificateFiles>, loaded: Loaded) -> Self {
        let current = ArcSwap::from_pointee(loaded);
        Self(Arc::new(Shared { files, current, reading: Mutex::default(), looks: Mutex::default() }))
    }

    /// How to speak TLS with the certificate of this moment: to be asked anew for each connection.
    #[must_use]
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.current.load().config)
    }

    /// Looks at the files, and shows what they hold from now on when that is another certificate or other authorities
    /// of clients. Reads files: not for the threads that answer. Whether there was something new.
    ///
    /// # Errors
    /// Those of [`Self::load`]. Then all stays as it was, and the failure is counted.
    pub fn reload_if_changed(&self) -> Result<bool, CertificateError> {
        let Some(files) = &self.0.files else { return Ok(false) };
        let _reading = self.0.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = files::load(files);
        let mut looks = self.looks();
        match loaded {
            Ok(loaded) => {
                looks.last_failure = None;
                let is_new = loaded.digest != self.0.current.load().digest;
                if is_new {
                    looks.reloads = looks.reloads.saturating_add(1);
                    self.0.current.store(Arc::new(loaded));
                }
                Ok(is_new)
            }
            Err(error) => {
                looks.failures = looks.failures.saturating_add(1);
                looks.last_failure = Some(error.to_string());
                Err(error)
            }
        }
    }

    /// Replaces the certificate whenever its files change, until `stopped`: told by the file system, and every ten
    /// seconds in case that it does not tell.
    pub async fn watch(self, stopped: impl Future) {
        let Some(files) = self.0.files.clone() else {
            stopped.await;
            return;
        };
        watch::watch(&self, &files, watch::POLL, stopped).await;
    }

    /// What is shown, and what came of looking at the files.
    #[must_use]
    pub fn status(&self) -> CertificateStatus {
        let looks = self.looks();
        CertificateStatus {
            not_after: self.0.current.load().not_after,
            served_is_on_disk: looks.last_failure.is_none(),
            reloads: looks.reloads,
            failures: looks.failures,
            last_failure: looks.last_failure.clone(),
        }
    }

    fn looks(&self) -> MutexGuard<'_, Looks> {
        self.0.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
