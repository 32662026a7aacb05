//! A certificate of the server's own, for one replica and for trying.

use std::net::IpAddr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use thiserror::Error;

/// How long it lasts; the process rarely does.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 365);
/// The clock of the API server may be behind.
const BEFORE: SignedDuration = SignedDuration::from_hours(24);

/// A certificate, its key, and the CA that signed it. The CA's key is gone.
pub struct SelfSigned {
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// Its key in PEM.
    pub key_pem: String,
    /// The CA's certificate in PEM: what clients have to trust.
    pub ca_pem: String,
}

/// Why none could be made.
#[derive(Debug, Error)]
#[error("a certificate for `{names}` cannot be made: {error}")]
pub struct SelfSignedError {
    names: String,
    error: rcgen::Error,
}

/// Makes a CA, and a certificate for these DNS names and IP addresses, for a year from now.
///
/// # Errors
/// A name that no certificate can have.
pub fn make(names: &[String], now: Timestamp) -> Result<SelfSigned, SelfSignedError> {
    signed(names, now).map_err(|error| SelfSignedError { names: names.join("`, `"), error })
}

fn signed(names: &[String], now: Timestamp) -> Result<SelfSigned, rcgen::Error> {
    let mut authority = params(Vec::new(), "holdpoint, for itself", now)?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)?;
    let mut leaf = params(names.to_vec(), "holdpoint", now)?;
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = leaf.signed_by(&key, &authority)?;
    Ok(SelfSigned { certificate_pem: certificate.pem(), key_pem: key.serialize_pem(), ca_pem: authority.pem() })
}

fn params(names: Vec<String>, title: &str, now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let names = names.into_iter().map(|name| name.parse::<IpAddr>().map_or(name, |address| address.to_string()));
    let mut params = CertificateParams::new(names.collect::<Vec<_>>())?;
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, title);
    params.distinguished_name = distinguished_name;
    params.not_before = day(now - BEFORE);
    params.not_after = day(now + LIFETIME);
    Ok(params)
}

/// The beginning of the day, which is as exact as it has to be.
fn day(instant: Timestamp) -> time::OffsetDateTime {
    let date = instant.to_zoned(TimeZone::UTC).date();
    let (month, day) = (u8::try_from(date.month()).unwrap_or(1), u8::try_from(date.day()).unwrap_or(1));
    rcgen::date_time_ymd(i32::from(date.year()), month, day)
}
