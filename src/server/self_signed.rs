//! A certificate for trying things out: an authority of its own, and what it signed. Nothing is written to disk.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, DnsName, PrivateKeyDer};
use thiserror::Error;

/// The certificate is good from so long ago on: clocks differ.
const BEFORE: Duration = Duration::from_hours(1);
/// It ends with the process, or else after a year.
const AFTER: Duration = Duration::from_hours(365 * 24);
/// In the year 2900, far from the dates that certificates cannot hold.
const LATEST: Duration = Duration::from_hours(930 * 365 * 24);
/// What signs it, and it, in certificate viewers.
const AUTHORITY: &str = "holdpoint self-signed authority";
const LEAF: &str = "holdpoint";

/// A certificate, its key, and who signed it.
pub struct SelfSigned {
    /// The certificate, and then the authority that signed it.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key of the certificate: ECDSA on the curve P-256.
    pub key: PrivateKeyDer<'static>,
    /// The authority in PEM: what clients have to trust, such as `caBundle` of a webhook. Its key is gone.
    pub ca_pem: String,
}

/// Why no certificate could be made.
#[derive(Debug, Error)]
pub enum SelfSignedError {
    /// There is nobody to make it for.
    #[error("a certificate needs a name\nhint: give the DNS names or IP addresses by which clients reach the server")]
    NoName,
    /// One of the names, or the certificate.
    #[error("no certificate can be made for {}: {reason}\nhint: names are DNS names or IP addresses", quoted(.names))]
    Impossible {
        /// For whom.
        names: Vec<String>,
        /// What is wrong.
        reason: String,
    },
    /// The clock is before 1970 or far in the future.
    #[error("no certificate can be made: the clock says {0}\nhint: set the clock of this machine")]
    Clock(Timestamp),
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Makes a certificate for DNS names and IP addresses, with an authority of its own. Good for a year.
///
/// # Errors
/// No name, one that is neither a DNS name nor an IP address, or a clock out of range.
pub fn make(names: &[String], now: Timestamp) -> Result<SelfSigned, SelfSignedError> {
    if names.is_empty() {
        return Err(SelfSignedError::NoName);
    }
    let impossible = |reason: String| SelfSignedError::Impossible { names: names.to_vec(), reason };
    if let Some(strange) = names.iter().find(|name| !is_name(name)) {
        return Err(impossible(format!("{strange:?} is none")));
    }
    let authority = authority(now)?;
    let leaf = leaf(names, now)?;
    let key_of = || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| impossible(error.to_string()));
    let authority =
        CertifiedIssuer::self_signed(authority, key_of()?).map_err(|error| impossible(error.to_string()))?;
    let key = key_of()?;
    let certificate = leaf.signed_by(&key, &authority).map_err(|error| impossible(error.to_string()))?;
    let key =
        PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).map_err(|error| impossible(error.to_string()))?;
    let chain = vec![certificate.der().clone(), authority.der().clone()];
    Ok(SelfSigned { chain, key, ca_pem: authority.pem() })
}

/// A certificate takes any text, and no client would ever find such a name in it.
fn is_name(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    text.parse::<IpAddr>().is_ok() || DnsName::try_from(name).is_ok()
}

fn authority(now: Timestamp) -> Result<CertificateParams, SelfSignedError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(AUTHORITY);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    dated(params, now)
}

fn leaf(names: &[String], now: Timestamp) -> Result<CertificateParams, SelfSignedError> {
    let mut params = CertificateParams::new(names.to_vec())
        .map_err(|error| SelfSignedError::Impossible { names: names.to_vec(), reason: error.to_string() })?;
    params.distinguished_name = named(LEAF);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    dated(params, now)
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn dated(mut params: CertificateParams, now: Timestamp) -> Result<CertificateParams, SelfSignedError> {
    let since_1970 = Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH));
    let since_1970 = since_1970.ok().filter(|since| *since > BEFORE && *since < LATEST);
    let since_1970 = since_1970.ok_or(SelfSignedError::Clock(now))?;
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_1970.saturating_sub(BEFORE);
    params.not_after = epoch + since_1970 + AFTER;
    Ok(params)
}
