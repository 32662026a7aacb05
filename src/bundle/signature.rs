//! `.signatures.json`: who vouches for which files, as OPA has it.
//!
//! A key that is configured verifies with the algorithm that is configured, whatever the signature says of itself. The
//! files it lists must be the files of the bundle, no more and no less.

use std::collections::{BTreeMap, BTreeSet};

use jsonwebtoken::{DecodingKey, Validation};
use serde::{Deserialize, Serialize};

use super::SIGNATURES;
use super::hash;
use crate::domain::hinted::HintedError;
use crate::domain::policy::SIGNATURE_ALGORITHMS;

/// Bytes of the file, which lists every other one.
const LARGEST: usize = 4 << 20;

/// How bundles are signed: one of [`SIGNATURE_ALGORITHMS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithm(jsonwebtoken::Algorithm);

impl Algorithm {
    /// The algorithm of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        // The library knows more than OPA.
        let known = SIGNATURE_ALGORITHMS.contains(&name);
        name.parse().ok().filter(|_| known).map(Self)
    }

    /// Whether one secret signs and verifies.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        use jsonwebtoken::Algorithm::{HS256, HS384, HS512};
        matches!(self.0, HS256 | HS384 | HS512)
    }

    pub(super) const fn is_elliptic(self) -> bool {
        matches!(self.0, jsonwebtoken::Algorithm::ES256 | jsonwebtoken::Algorithm::ES384)
    }

    pub(super) const fn of_library(self) -> jsonwebtoken::Algorithm {
        self.0
    }
}

/// What `.signatures.json` holds.
#[derive(Deserialize, Serialize)]
pub(super) struct Signatures {
    pub(super) signatures: Vec<String>,
    #[serde(default, skip_serializing)]
    plugin: Option<String>,
}

impl Signatures {
    pub(super) fn one(token: String) -> Self {
        Self { signatures: vec![token], plugin: None }
    }
}

/// What a signature states.
#[derive(Deserialize, Serialize)]
pub(super) struct Payload {
    pub(super) files: Vec<SignedFile>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) keyid: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) scope: String,
}

/// One file that was signed.
#[derive(Deserialize, Serialize)]
pub(super) struct SignedFile {
    pub(super) name: String,
    pub(super) hash: String,
    #[serde(default)]
    pub(super) algorithm: String,
}

/// A key, and what a signature with it must say.
#[derive(Clone)]
pub struct Verifier {
    key: DecodingKey,
    algorithm: Algorithm,
    key_id: Option<String>,
    scope: String,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { key: _, algorithm, key_id, scope } = self;
        let mut shown = formatter.debug_struct("Verifier");
        shown.field("algorithm", algorithm).field("key_id", key_id).field("scope", scope).finish_non_exhaustive()
    }
}

impl Verifier {
    /// A verifier with this key: PEM, or the secret itself for `HS…`. A signature that names a key must name `key_id`,
    /// if one is given; its scope must be `scope`.
    ///
    /// # Errors
    /// When the key is not one for this algorithm.
    pub fn new(
        key: &[u8],
        algorithm: Algorithm,
        key_id: Option<String>,
        scope: Option<String>,
    ) -> Result<Self, HintedError> {
        let read = if algorithm.is_symmetric() {
            Ok(DecodingKey::from_secret(key))
        } else if algorithm.is_elliptic() {
            DecodingKey::from_ec_pem(key)
        } else {
            DecodingKey::from_rsa_pem(key)
        };
        let key = read.ok().filter(|_| !key.is_empty()).ok_or_else(|| {
            let message = format!("the key is none for the algorithm `{:?}`", algorithm.0);
            HintedError::new(message, "use the public key in PEM, and name its `algorithm`")
        })?;
        Ok(Self { key, algorithm, key_id, scope: scope.unwrap_or_default() })
    }

    pub(super) fn verify(&self, signatures: &[u8], files: &BTreeMap<String, Vec<u8>>) -> Result<(), HintedError> {
        let payload = self.payload(signatures)?;
        let mut names = BTreeSet::new();
        for file in &payload.files {
            if !names.insert(file.name.as_str()) {
                return Err(refused(format!("lists `{}` twice", file.name)));
            }
            let Some(bytes) = files.get(&file.name).filter(|_| file.name != SIGNATURES) else {
                return Err(refused(format!("is for a file `{}`, which the bundle does not have", file.name)));
            };
            let hash = hash::of_file(&file.algorithm, &file.name, bytes)?.ok_or_else(|| {
                refused(format!("hashes `{}` with `{}`, which is not of the SHA-2 family", file.name, file.algorithm))
            })?;
            if !hash.eq_ignore_ascii_case(&file.hash) {
                return Err(refused(format!("is for another content of `{}`", file.name)));
            }
        }
        match files.keys().find(|name| *name != SIGNATURES && !names.contains(name.as_str())) {
            Some(name) => Err(refused(format!("does not cover the file `{name}`"))),
            None => Ok(()),
        }
    }

    fn payload(&self, signatures: &[u8]) -> Result<Payload, HintedError> {
        let parsed: Option<Signatures> = Some(signatures)
            .filter(|bytes| bytes.len() <= LARGEST)
            .and_then(|bytes| serde_json::from_slice(bytes).ok());
        let Some(Signatures { signatures, plugin: None }) = parsed else {
            return Err(refused("is not of the form that holdpoint reads"));
        };
        let [token] = signatures.as_slice() else {
            return Err(refused(format!("should be one, and is {}", signatures.len())));
        };
        let mut validation = Validation::new(self.algorithm.0);
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let decoded = jsonwebtoken::decode::<Payload>(token, &self.key, &validation)
            .map_err(|error| refused(format!("is not of the configured key: {error}")))?;
        let payload = decoded.claims;
        let named = Some(&payload.keyid).filter(|id| !id.is_empty()).or(decoded.header.kid.as_ref());
        if let (Some(wanted), Some(named)) = (&self.key_id, named)
            && wanted != named
        {
            return Err(refused(format!("is of the key `{named}`, and `{wanted}` is configured")));
        }
        if payload.scope != self.scope {
            let message = format!("has the scope `{}`, and `{}` is configured", payload.scope, self.scope);
            return Err(refused(message));
        }
        Ok(payload)
    }
}

fn refused(what: impl std::fmt::Display) -> HintedError {
    HintedError::new(
        format!("its signature {what}"),
        "do not use this bundle; ask for one signed with the configured key, over the files it has now",
    )
}

#[cfg(test)]
mod tests;
