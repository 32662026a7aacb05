//! Signing bundles, as `opa sign` does.

use std::collections::BTreeMap;

use jsonwebtoken::{EncodingKey, Header};

use crate::domain::hinted::HintedError;

use super::SIGNATURES;
use super::hash;
use super::signature::{Algorithm, Payload, Signatures, SignedFile};

/// A key that signs, and what its signatures say.
pub struct Signer {
    key: EncodingKey,
    algorithm: Algorithm,
    key_id: Option<String>,
    scope: Option<String>,
}

impl Signer {
    /// A signer with this key: PEM, or the secret itself for `HS…`.
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
            Ok(EncodingKey::from_secret(key))
        } else if algorithm.is_elliptic() {
            EncodingKey::from_ec_pem(key)
        } else {
            EncodingKey::from_rsa_pem(key)
        };
        let key = read.ok().filter(|_| !key.is_empty()).ok_or_else(|| {
            let message = format!("the key cannot sign with the algorithm `{:?}`", algorithm.of_library());
            HintedError::new(message, "use a private key in PEM (elliptic ones in PKCS #8), and name its algorithm")
        })?;
        Ok(Self { key, algorithm, key_id, scope })
    }

    /// The file of signatures for these files.
    pub(super) fn sign(&self, files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, HintedError> {
        let mut signed = Vec::with_capacity(files.len());
        for (name, bytes) in files.iter().filter(|(name, _)| *name != SIGNATURES) {
            let algorithm = hash::WRITTEN.to_owned();
            let hash = hash::of_file(&algorithm, name, bytes)?.unwrap_or_default();
            signed.push(SignedFile { name: name.clone(), hash, algorithm });
        }
        let keyid = self.key_id.clone().unwrap_or_default();
        let payload = Payload { files: signed, keyid, scope: self.scope.clone().unwrap_or_default() };
        let header = Header { kid: self.key_id.clone(), ..Header::new(self.algorithm.of_library()) };
        let failed = |error: &dyn std::fmt::Display| {
            HintedError::new(format!("it cannot be signed: {error}"), "check that the key fits the algorithm")
        };
        let token = jsonwebtoken::encode(&header, &payload, &self.key).map_err(|error| failed(&error))?;
        serde_json::to_vec(&Signatures::one(token)).map_err(|error| failed(&error))
    }
}
