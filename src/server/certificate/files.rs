//! From files to how TLS is spoken with what they hold.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::CertificateFiles;
use crate::server::tls;
use crate::source::file;

/// The largest file that is read, in bytes: hundreds of certificates.
const LARGEST: u64 = 1 << 20;
/// How often files are read anew that change while they are read.
const ATTEMPTS: usize = 5;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The certificate of the server and its chain.
    Certificate,
    /// The private key of the server.
    Key,
    /// The authorities of clients.
    ClientAuthority,
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Certificate => "certificate",
            Self::Key => "key of the certificate",
            Self::ClientAuthority => "client CA",
        })
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file.
    #[error(
        "the {purpose} `{}` cannot be read: {source}\nhint: it has to be a file that this user may read",
        path.display()
    )]
    Unreadable {
        /// What it is for.
        purpose: Purpose,
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What a file holds.
    #[error("the {purpose} `{}` cannot be used: {reason}\nhint: {}", path.display(), wanted(*purpose))]
    Unusable {
        /// What it is for.
        purpose: Purpose,
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Two files.
    #[error(
        "the key `{}` is not the key of the certificate `{}`\nhint: the first certificate of the file has to be the \
         server's own; replace both files at the same time",
        key.display(),
        certificate.display()
    )]
    Mismatch {
        /// Where the certificate is.
        certificate: PathBuf,
        /// Where the key is.
        key: PathBuf,
    },
    /// The files were never the same for long enough.
    #[error("the certificate `{}` changes all the time\nhint: look for what writes it again and again", .0.display())]
    Changing(PathBuf),
    /// Something that is in no file.
    #[error("the certificate in memory cannot be used: {0}\nhint: this is a defect of holdpoint")]
    Memory(String),
}

const fn wanted(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Certificate => "it has to hold certificates in PEM, the server's own first and then its chain",
        Purpose::Key => "it has to hold a private key in PEM that is not encrypted",
        Purpose::ClientAuthority => "it has to hold certificates of authorities in PEM",
    }
}

/// Everything that files hold, ready to use.
pub(super) struct Loaded {
    pub(super) config: Arc<ServerConfig>,
    pub(super) not_after: Timestamp,
    /// Of all files: what is the same needs no replacement.
    pub(super) digest: [u8; 32],
}

struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

/// Reads the files and checks what they hold.
pub(super) fn load(files: &CertificateFiles) -> Result<Loaded, CertificateError> {
    let contents = read(files)?;
    let unusable = |reason: String| CertificateError::Unusable {
        purpose: Purpose::Certificate,
        path: files.certificate.clone(),
        reason,
    };
    let chain = certificates(&contents.certificate).map_err(unusable)?;
    let not_after = not_after(&chain).map_err(unusable)?;
    let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|error| unusable_key(files, &error.to_string()))?;
    let certified = CertifiedKey::from_der(chain, key, &tls::provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            CertificateError::Mismatch { certificate: files.certificate.clone(), key: files.key.clone() }
        }
        rustls::Error::InvalidCertificate(error) => unusable(error.to_string()),
        error => unusable_key(files, &error.to_string()),
    })?;
    let clients = clients(files, contents.client_ca.as_deref())?;
    let config =
        tls::server_config(certified, clients, files.minimum_1_2).map_err(|error| unusable(error.to_string()))?;
    Ok(Loaded { config: Arc::new(config), not_after, digest: digest(&contents) })
}

/// The same of what is in no file.
pub(super) fn from_memory(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Loaded, CertificateError> {
    let memory = |error: rustls::Error| CertificateError::Memory(error.to_string());
    let not_after = not_after(&chain).map_err(CertificateError::Memory)?;
    let certified = CertifiedKey::from_der(chain, key, &tls::provider()).map_err(memory)?;
    let config = tls::server_config(certified, None, false).map_err(memory)?;
    Ok(Loaded { config: Arc::new(config), not_after, digest: [0; 32] })
}

/// Kubernetes replaces all files of a secret at once, and may do so between two reads: the certificate is the same
/// before and after the others were read, or all are read again.
fn read(files: &CertificateFiles) -> Result<Contents, CertificateError> {
    let mut certificate = read_one(Purpose::Certificate, &files.certificate)?;
    for _ in 0..ATTEMPTS {
        let key = read_one(Purpose::Key, &files.key)?;
        let client_ca = files.client_ca.as_ref().map(|path| read_one(Purpose::ClientAuthority, path)).transpose()?;
        let again = read_one(Purpose::Certificate, &files.certificate)?;
        if again == certificate {
            return Ok(Contents { certificate, key, client_ca });
        }
        certificate = again;
    }
    Err(CertificateError::Changing(files.certificate.clone()))
}

fn read_one(purpose: Purpose, path: &Path) -> Result<Vec<u8>, CertificateError> {
    let unreadable = |source| CertificateError::Unreadable { purpose, path: path.to_owned(), source };
    file::read(path, LARGEST).map_err(unreadable)
}

fn unusable_key(files: &CertificateFiles, reason: &str) -> CertificateError {
    CertificateError::Unusable { purpose: Purpose::Key, path: files.key.clone(), reason: reason.to_owned() }
}

/// All certificates of a file, of which there is at least one.
fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(text).collect();
    match all {
        Ok(all) if all.is_empty() => Err("it holds no certificate".to_owned()),
        Ok(all) => Ok(all),
        Err(error) => Err(error.to_string()),
    }
}

fn not_after(chain: &[CertificateDer<'_>]) -> Result<Timestamp, String> {
    let own = chain.first().ok_or("it holds no certificate")?;
    let (_, own) = X509Certificate::from_der(own).map_err(|error| error.to_string())?;
    Timestamp::from_second(own.validity().not_after.timestamp()).map_err(|error| error.to_string())
}

fn clients(
    files: &CertificateFiles,
    authorities: Option<&[u8]>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, CertificateError> {
    let (Some(path), Some(text)) = (&files.client_ca, authorities) else { return Ok(None) };
    let unusable =
        |reason| CertificateError::Unusable { purpose: Purpose::ClientAuthority, path: path.clone(), reason };
    let mut roots = RootCertStore::empty();
    for authority in certificates(text).map_err(unusable)? {
        roots.add(authority).map_err(|error| unusable(error.to_string()))?;
    }
    let clients = tls::clients(roots, files.client_names.clone()).map_err(|error| unusable(error.to_string()))?;
    Ok(Some(clients))
}

fn digest(contents: &Contents) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [Some(&contents.certificate), Some(&contents.key), contents.client_ca.as_ref()].into_iter().flatten() {
        // Of each part: where one ends and the next begins must count.
        hash.update(Sha256::digest(part));
    }
    hash.finalize().into()
}
