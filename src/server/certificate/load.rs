//! From PEM to a configuration of TLS.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use x509_parser::parse_x509_certificate;

use super::clients::Named;
use super::{CertificateError, CertificateFiles};
use crate::server::self_signed::SelfSigned;
use crate::source::file;

/// The largest file, in bytes.
const LARGEST: u64 = 1 << 20;
/// What is spoken on the connection.
const PROTOCOL: &[u8] = b"http/1.1";

/// A certificate that can be served.
pub(super) struct Loaded {
    pub(super) config: Arc<ServerConfig>,
    pub(super) not_after: Timestamp,
    pub(super) digest: Vec<u8>,
}

/// What the files hold.
pub(super) struct Read {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
    pub(super) digest: Vec<u8>,
}

pub(super) fn read(files: &CertificateFiles) -> Result<Read, CertificateError> {
    let read = |what: &str, path: &Path| {
        file::read(path, LARGEST).map_err(|error| CertificateError {
            message: format!("the {what} `{}` cannot be read: {error}", path.display()),
            hint: "let this user read the file, or name another under `server.tls`",
        })
    };
    let certificate = read("certificate", &files.certificate)?;
    let key = read("key", &files.key)?;
    let client_ca = files.client_ca.as_deref().map(|path| read("client CA", path)).transpose()?;
    let digest = digest(&[&certificate, &key, client_ca.as_deref().unwrap_or_default()]);
    Ok(Read { certificate, key, client_ca, digest })
}

fn digest(texts: &[&[u8]]) -> Vec<u8> {
    texts.iter().flat_map(|text| Sha256::digest(text)).collect()
}

pub(super) fn of_memory(made: &SelfSigned) -> Result<Loaded, CertificateError> {
    let (certificate, key) = (made.certificate_pem.as_bytes(), made.key_pem.as_bytes());
    loaded(certificate, key, None, &[&TLS13], digest(&[certificate, key]))
}

impl Read {
    pub(super) fn load(&self, files: &CertificateFiles) -> Result<Loaded, CertificateError> {
        let clients = self.client_ca.as_deref().map(|pem| verifier(pem, &files.client_names)).transpose()?;
        let versions: &[_] = if files.minimum_1_2 { &[&TLS12, &TLS13] } else { &[&TLS13] };
        loaded(&self.certificate, &self.key, clients, versions, self.digest.clone())
    }
}

fn loaded(
    certificate: &[u8],
    key: &[u8],
    clients: Option<Arc<dyn ClientCertVerifier>>,
    versions: &[&'static rustls::SupportedProtocolVersion],
    digest: Vec<u8>,
) -> Result<Loaded, CertificateError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let chain = certificates(certificate, "certificate")?;
    let not_after = not_after(&chain)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| wrong(format!("the key is no PEM: {error}")))?;
    let certified = CertifiedKey::from_der(chain, key, &provider)
        .map_err(|error| wrong(format!("the key does not belong to the certificate: {error}")))?;
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions);
    let builder = builder.map_err(|error| wrong(format!("TLS cannot be set up: {error}")))?;
    let builder = match clients {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(Loaded { config: Arc::new(config), not_after, digest })
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let all = all.map_err(|error| wrong(format!("the {what} is no PEM: {error}")))?;
    if all.is_empty() { Err(wrong(format!("the {what} holds no certificate"))) } else { Ok(all) }
}

fn not_after(chain: &[CertificateDer<'_>]) -> Result<Timestamp, CertificateError> {
    let first = chain.first().and_then(|first| parse_x509_certificate(first).ok());
    let seconds = first.map(|(_rest, certificate)| certificate.validity().not_after.timestamp());
    let instant = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    instant.ok_or_else(|| wrong("the certificate cannot be read".to_owned()))
}

fn verifier(pem: &[u8], names: &[String]) -> Result<Arc<dyn ClientCertVerifier>, CertificateError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, "client CA")? {
        roots.add(certificate).map_err(|error| wrong(format!("the client CA cannot be used: {error}")))?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let verifier = verifier.map_err(|error| wrong(format!("the client CA cannot be used: {error}")))?;
    Ok(if names.is_empty() { verifier } else { Arc::new(Named::new(verifier, names.to_vec())) })
}

fn wrong(message: String) -> CertificateError {
    CertificateError { message, hint: "put a certificate chain and its key in PEM there, the server's own first" }
}
