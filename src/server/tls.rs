//! How TLS is spoken: versions, protocols, and which clients are let in.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoClientAuth, ServerConfig, VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme,
    SupportedProtocolVersion, version,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

use crate::output::escape;

/// What API servers speak to webhooks. Another protocol ends the handshake.
const PROTOCOLS: [&[u8]; 1] = [b"http/1.1"];
const ONLY_1_3: &[&SupportedProtocolVersion] = &[&version::TLS13];
const FROM_1_2: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];

/// The cryptography of all TLS of the server, whatever other parts of the program chose for themselves.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// How to speak TLS with this certificate. Sessions are not resumed with another configuration: a client whose
/// authority is gone proves itself anew.
///
/// # Errors
/// When the provider lacks what a version needs.
pub(super) fn server_config(
    certificate: CertifiedKey,
    clients: Option<Arc<dyn ClientCertVerifier>>,
    minimum_1_2: bool,
) -> Result<ServerConfig, rustls::Error> {
    let versions = if minimum_1_2 { FROM_1_2 } else { ONLY_1_3 };
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)?
        .with_client_cert_verifier(clients.unwrap_or_else(|| Arc::new(NoClientAuth)))
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certificate)));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}

/// Lets in clients with a certificate of one of these authorities and, unless there are none, one of these names.
///
/// # Errors
/// When there is no authority.
pub(super) fn clients(
    authorities: RootCertStore,
    names: Vec<String>,
) -> Result<Arc<dyn ClientCertVerifier>, VerifierBuilderError> {
    let signed = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider()).build()?;
    Ok(if names.is_empty() { signed } else { Arc::new(NamedClients { signed, names }) })
}

/// A certificate of an authority is not enough where that authority signs for others too.
#[derive(Debug)]
struct NamedClients {
    signed: Arc<dyn ClientCertVerifier>,
    names: Vec<String>,
}

impl ClientCertVerifier for NamedClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.signed.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self.signed.verify_client_cert(end_entity, intermediates, now)?;
        let names = names(end_entity).ok_or(CertificateError::BadEncoding)?;
        if names.iter().any(|name| self.names.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))) {
            return Ok(verified);
        }
        // Not a stranger, who could fill the log: an authority that is trusted has signed it.
        let names = escape::line(&names.join(", "), escape::NAME_LIMIT);
        tracing::warn!(names, "a client was refused: its certificate has none of the names that are let in");
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.signed.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.signed.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}

/// The common names of a certificate, and its alternative names that are DNS names, mail addresses, URIs or IP
/// addresses; `None` when it cannot be read.
fn names(certificate: &CertificateDer<'_>) -> Option<Vec<String>> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok()).map(str::to_owned);
    let alternative = certificate.subject_alternative_name().ok()?;
    let alternative =
        alternative.iter().flat_map(|extension| &extension.value.general_names).filter_map(|name| match name {
            GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
                Some((*name).to_owned())
            }
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        });
    Some(common.chain(alternative).collect())
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(bytes).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string())
}
