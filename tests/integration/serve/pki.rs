//! Authorities, certificates, and folders of certificates as Kubernetes keeps them.

use std::fs;
use std::path::{Path, PathBuf};

use holdpoint::server::certificate::CertificateFiles;
use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair, SerialNumber};

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

pub(crate) struct Issued {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate of the server, told apart by its serial number.
    pub(crate) fn server(&self, serial: u64) -> Issued {
        let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        params.serial_number = Some(SerialNumber::from(serial));
        self.sign(&params)
    }

    pub(crate) fn client(&self, common_name: &str, alternative: &[&str]) -> Issued {
        let names: Vec<String> = alternative.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Issued {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Issued { chain: certificate.pem() + &self.0.pem(), key: key.serialize_pem() }
    }
}

/// A folder as the kubelet mounts a secret: files are links through `..data`, which is swapped.
pub(crate) struct Mount {
    pub(crate) folder: tempfile::TempDir,
    version: u64,
}

impl Mount {
    pub(crate) fn new(issued: &Issued, client_ca: Option<&str>) -> Self {
        let mut mount = Self { folder: tempfile::tempdir().unwrap(), version: 0 };
        mount.swap(&issued.chain, &issued.key, client_ca);
        for name in ["tls.crt", "tls.key", "ca.crt"] {
            std::os::unix::fs::symlink(Path::new("..data").join(name), mount.path(name)).unwrap();
        }
        mount
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn files(&self) -> CertificateFiles {
        CertificateFiles {
            certificate: self.path("tls.crt"),
            key: self.path("tls.key"),
            client_ca: None,
            client_names: Vec::new(),
            minimum_1_2: false,
        }
    }

    pub(crate) fn swap(&mut self, chain: &str, key: &str, client_ca: Option<&str>) {
        let before = self.path(&format!("..{}", self.version));
        self.version += 1;
        let version = format!("..{}", self.version);
        fs::create_dir(self.path(&version)).unwrap();
        fs::write(self.path(&version).join("tls.crt"), chain).unwrap();
        fs::write(self.path(&version).join("tls.key"), key).unwrap();
        if let Some(client_ca) = client_ca {
            fs::write(self.path(&version).join("ca.crt"), client_ca).unwrap();
        }
        std::os::unix::fs::symlink(&version, self.path("..data_tmp")).unwrap();
        fs::rename(self.path("..data_tmp"), self.path("..data")).unwrap();
        fs::remove_dir_all(before).ok();
    }
}
