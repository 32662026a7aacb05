//! contract
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
/// c
pub struct CertificateFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub client_ca: Option<PathBuf>,
    pub client_names: Vec<String>,
    pub minimum_1_2: bool,
}
/// c
#[derive(Clone)]
pub struct Certificates(Arc<()>);
/// c
pub struct CertificateStatus {
    pub not_after: Timestamp,
    pub served_is_on_disk: bool,
    pub reloads: u64,
    pub failures: u64,
    pub last_failure: Option<String>,
}
/// c
#[derive(Debug, thiserror::Error)]
#[error("c")]
pub struct CertificateError;
impl Certificates {
    /// c
    pub fn load(_files: CertificateFiles) -> Result<Self, CertificateError> {
        Err(CertificateError)
    }
    /// c
    pub fn from_memory(_made: super::self_signed::SelfSigned) -> Result<Self, CertificateError> {
        Err(CertificateError)
    }
    /// c
    pub fn status(&self) -> CertificateStatus {
        CertificateStatus {
            not_after: Timestamp::UNIX_EPOCH,
            served_is_on_disk: true,
            reloads: 0,
            failures: 0,
            last_failure: None,
        }
    }
    /// c
    pub async fn watch(self, stopped: impl Future<Output = ()>) {
        stopped.await
    }
}
