//! Whom the API server trusts to be holdpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use x509_parser::pem::Pem;

use crate::domain::doctor::Harm;

use super::Notes;

/// How long before the end it is said.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// cert-manager writes the `caBundle` when this annotation is there.
const INJECTED: &str = "cert-manager.io/inject-ca-from";

pub(super) fn check(notes: &mut Notes<'_>, now: Timestamp) {
    let client = &notes.webhook().client_config;
    if client.ca_bundle.is_empty() {
        // An address outside the cluster may have a certificate that everybody trusts.
        if client.service.is_some() {
            missing(notes);
        }
        return;
    }
    match validity(&client.ca_bundle) {
        Err(why) => notes.add(
            Harm::Outage,
            "ca_bundle_unreadable",
            format!("the `caBundle` {why}: every call fails"),
            "set it to the base64 text of PEM certificates",
        ),
        Ok(certificates) => check_validity(notes, &certificates, now),
    }
}

fn missing(notes: &mut Notes<'_>) {
    let injected = notes.call.configuration.metadata.annotations.keys().any(|key| key.starts_with(INJECTED));
    let remediation = if injected {
        "look why cert-manager's CA injector has not written it"
    } else {
        "set it to the authority of holdpoint's certificate (`holdpoint serve --self-signed` prints it)"
    };
    notes.add(
        Harm::Outage,
        "ca_bundle_missing",
        "there is no `caBundle`, and the certificate of a Service is signed by no public authority: every call fails",
        remediation,
    );
}

/// From when and until when a certificate is valid.
struct Validity {
    from: Timestamp,
    until: Timestamp,
}

fn validity(bundle: &str) -> Result<Vec<Validity>, String> {
    let compact: String = bundle.split_ascii_whitespace().collect();
    let pem = STANDARD.decode(compact).map_err(|_error| "is not base64")?;
    let mut certificates = Vec::new();
    for block in Pem::iter_from_buffer(&pem) {
        let block = block.map_err(|_error| "is not PEM".to_owned())?;
        let certificate = block.parse_x509().map_err(|_error| "has something that is no certificate".to_owned())?;
        let instant =
            |seconds| Timestamp::from_second(seconds).map_err(|_error| "has a certificate without an end".to_owned());
        let dates = certificate.validity();
        certificates.push(Validity {
            from: instant(dates.not_before.timestamp())?,
            until: instant(dates.not_after.timestamp())?,
        });
    }
    if certificates.is_empty() { Err("has no certificate".to_owned()) } else { Ok(certificates) }
}

fn check_validity(notes: &mut Notes<'_>, certificates: &[Validity], now: Timestamp) {
    let valid = certificates.iter().filter(|certificate| certificate.from <= now && now < certificate.until);
    let Some(until) = valid.map(|certificate| certificate.until).max() else {
        let ends: Vec<String> =
            certificates.iter().map(|certificate| format!("{} to {}", certificate.from, certificate.until)).collect();
        notes.add(
            Harm::Outage,
            "ca_bundle_expired",
            format!("no certificate in the `caBundle` is valid now ({}): every call fails", ends.join(", ")),
            "write the current authority into it",
        );
        return;
    };
    if until.duration_since(now) < SOON {
        notes.add(
            Harm::Weakness,
            "ca_bundle_ends",
            format!("the `caBundle` is valid until {until}; after that every call fails"),
            "add the next authority to it before",
        );
    }
}
