//! The certificate that the server shows, and those that it asks for; both may change while it runs.
//!
//! Each connection takes the configuration of TLS as it is at that moment. It is made anew when a file has another
//! content, and taken over only when it is complete.

mod clients;
mod load;
mod watch;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::ServerConfig;
use thiserror::Error;

use super::self_signed::SelfSigned;
use load::Loaded;

/// Where certificates are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The server's certificate in PEM, with its chain behind it.
    pub certificate: PathBuf,
    /// Its key in PEM.
    pub key: PathBuf,
    /// Certificates in PEM that must have signed a client's.
    pub client_ca: Option<PathBuf>,
    /// Names of which a client's certificate must have one; empty for any.
    pub client_names: Vec<String>,
    /// TLS 1.2 is spoken too.
    pub minimum_1_2: bool,
}

/// Why a certificate cannot be served.
#[derive(Debug, Error)]
#[error("{message}\nhint: {hint}")]
pub struct CertificateError {
    /// What is wrong with which file.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
}

/// How the certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateStatus {
    /// When the one that is served expires.
    pub not_after: Timestamp,
    /// Whether the files hold what is served.
    pub served_is_on_disk: bool,
    /// Certificates that were taken over since the start.
    pub reloads: u64,
    /// Certificates that were not.
    pub failures: u64,
    /// Why the last one was not; `None` once one is.
    pub last_failure: Option<String>,
}

/// The certificate that is served. Clones share it.
#[derive(Clone)]
pub struct Certificates(Arc<Shared>);

struct Shared {
    /// None when the certificate is in memory only.
    files: Option<CertificateFiles>,
    served: ArcSwap<Loaded>,
    /// The digest of files that were refused, so that they count once.
    refused: Mutex<Option<Vec<u8>>>,
    on_disk: AtomicBool,
    reloads: AtomicU64,
    failures: AtomicU64,
    last_failure: Mutex<Option<String>>,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// A file that cannot be read or holds no PEM, a key that does not belong to the certificate.
    pub fn load(files: CertificateFiles) -> Result<Self, CertificateError> {
        let loaded = load::read(&files)?.load(&files)?;
        Ok(Self::new(Some(files), loaded))
    }

    /// Takes a certificate that is in no file.
    ///
    /// # Errors
    /// Those of [`Certificates::load`].
    pub fn from_memory(made: &SelfSigned) -> Result<Self, CertificateError> {
        Ok(Self::new(None, load::of_memory(made)?))
    }

    fn new(files: Option<CertificateFiles>, loaded: Loaded) -> Self {
        Self(Arc::new(Shared {
            files,
            served: ArcSwap::from_pointee(loaded),
            refused: Mutex::default(),
            on_disk: AtomicBool::new(true),
            reloads: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            last_failure: Mutex::default(),
        }))
    }

    /// What the next handshake goes by.
    #[must_use]
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.served.load().config)
    }

    /// How the certificate is.
    #[must_use]
    pub fn status(&self) -> CertificateStatus {
        CertificateStatus {
            not_after: self.0.served.load().not_after,
            served_is_on_disk: self.0.on_disk.load(Ordering::Relaxed),
            reloads: self.0.reloads.load(Ordering::Relaxed),
            failures: self.0.failures.load(Ordering::Relaxed),
            last_failure: lock(&self.0.last_failure).clone(),
        }
    }

    /// Reads the files, and serves what they hold if that is something else. Whether it is.
    ///
    /// # Errors
    /// Those of [`Certificates::load`]; what is served stays then.
    pub fn reload_if_changed(&self) -> Result<bool, CertificateError> {
        let Some(files) = &self.0.files else { return Ok(false) };
        let read = match load::read(files) {
            Ok(read) => read,
            Err(error) => return Err(self.refuse(None, error)),
        };
        if read.digest == self.0.served.load().digest {
            self.accept();
            return Ok(false);
        }
        match read.load(files) {
            Ok(loaded) => {
                self.0.served.store(Arc::new(loaded));
                self.0.reloads.fetch_add(1, Ordering::Relaxed);
                self.accept();
                Ok(true)
            }
            Err(error) => Err(self.refuse(Some(read.digest), error)),
        }
    }

    fn accept(&self) {
        self.0.on_disk.store(true, Ordering::Relaxed);
        *lock(&self.0.last_failure) = None;
        *lock(&self.0.refused) = None;
    }

    fn refuse(&self, digest: Option<Vec<u8>>, error: CertificateError) -> CertificateError {
        let was_on_disk = self.0.on_disk.swap(false, Ordering::Relaxed);
        let seen = std::mem::replace(&mut *lock(&self.0.refused), digest.clone());
        if was_on_disk || seen != digest {
            self.0.failures.fetch_add(1, Ordering::Relaxed);
            tracing::error!(error = %error.message, "the certificate on disk cannot be served; the last good one is");
        }
        *lock(&self.0.last_failure) = Some(error.message.clone());
        error
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
