//! Where policies come from.

use super::super::error::{Problem, quote};
use super::super::located::{Located, Place};
use super::super::policies::{self, KeySource, PlaceError, PolicySource, Verification};
use super::super::raw::policies::{RawPolicies, RawShared, RawVerify};
use super::Check;
use crate::domain::policy::SIGNATURE_ALGORITHMS;

const DEFAULT_ALGORITHM: &str = "RS256";

pub(super) fn check(check: &mut Check<'_>, written: Vec<Located<RawPolicies>>) -> Vec<PolicySource> {
    written.into_iter().filter_map(|entry| one(check, entry)).collect()
}

fn one(check: &mut Check<'_>, entry: Located<RawPolicies>) -> Option<PolicySource> {
    let shared = match entry.value {
        RawPolicies::Place(text) => return place(check, Located { value: text, place: entry.place }),
        RawPolicies::Shared(shared) => *shared,
    };
    let RawShared { bundle, oci, allow_tag, allow_insecure, verify } = shared;
    let verify = match verify {
        Some(written) => Some(verification(check, written)?),
        None => None,
    };
    match (bundle, oci) {
        (Some(bundle), None) => {
            for (key, written) in [("allow_tag", &allow_tag), ("allow_insecure", &allow_insecure)] {
                if let Some(written) = written {
                    let message = format!("{} does not belong to a bundle", quote(key));
                    check.problem(written.place, message, "leave it out: a bundle is a file");
                }
            }
            Some(PolicySource::Bundle { path: check.path("bundle", bundle), verify })
        }
        (None, Some(oci)) => {
            let allowed = |flag: Option<Located<bool>>| flag.is_some_and(|flag| flag.value);
            let address = policies::address(&oci.value, allowed(allow_tag));
            let address = address.map_err(|error| refuse(check, oci.place, error)).ok()?;
            Some(PolicySource::Oci { address, verify, allow_insecure: allowed(allow_insecure) })
        }
        (Some(_), Some(_)) | (None, None) => {
            let message = "shared policies need either `bundle` or `oci`";
            check.push(Problem::new(entry.place, message).hint("write `{bundle: FILE}` or `{oci: ADDRESS}`"));
            None
        }
    }
}

fn place(check: &mut Check<'_>, text: Located<String>) -> Option<PolicySource> {
    match PolicySource::from_text(&text.value, check.folder) {
        Err(error) => {
            refuse(check, text.place, error);
            None
        }
        Ok(PolicySource::Path(_)) => Some(PolicySource::Path(check.path("policies", text))),
        Ok(other) => Some(other),
    }
}

fn refuse(check: &mut Check<'_>, place: Place, error: PlaceError) {
    // An address may hold a password: the line is not repeated.
    check.push(Problem::new(place, error.message).hint(error.hint).without_line());
}

fn verification(check: &mut Check<'_>, written: Located<RawVerify>) -> Option<Verification> {
    let RawVerify { key_file, key, algorithm, key_id, scope } = written.value;
    let algorithm_place = algorithm.as_ref().map_or(written.place, |algorithm| algorithm.place);
    let algorithm = algorithm.map_or_else(|| DEFAULT_ALGORITHM.to_owned(), |algorithm| algorithm.value);
    if !SIGNATURE_ALGORITHMS.contains(&algorithm.as_str()) {
        let hint = check.suggest(&algorithm, SIGNATURE_ALGORITHMS, "the algorithms known here");
        check.problem(algorithm_place, format!("unknown algorithm {}", quote(&algorithm)), hint);
    }
    let key_id = check.text("key_id", key_id);
    let scope = check.text("scope", scope);
    let key = match (key_file, key) {
        (Some(file), None) => KeySource::File(check.path("key_file", file)),
        (None, Some(key)) if key.value.contains("PUBLIC KEY") => KeySource::Text(key.value),
        (None, Some(key)) => {
            let problem = Problem::new(key.place, "`key` is no public key in PEM");
            check.push(problem.hint("secrets and private keys do not belong here: use `key_file`").without_line());
            return None;
        }
        (Some(_), Some(_)) | (None, None) => {
            check.problem(written.place, "`verify` needs either `key_file` or `key`", "write `{key_file: PATH}`");
            return None;
        }
    };
    Some(Verification { key, algorithm, key_id, scope })
}
