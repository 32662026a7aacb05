//! Bundles of policies, as OPA has them: a gzipped tar archive of policies, data, a manifest and signatures; and the
//! OCI artifacts that carry them.
//!
//! Everything here is read from outside and bounded: the archive (`archive`), the manifest (`manifest`), signatures
//! (`signature`), answers of registries (`oci`). Nothing is unpacked to the disk: a bundle becomes texts.

mod archive;
mod hash;
mod manifest;
pub mod oci;
mod path;
mod sign;
mod signature;

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;
use crate::domain::hinted::HintedError;
use crate::domain::origin::Origin;
use crate::domain::policy::{DataText, PolicySet, PolicyText};

pub use manifest::Manifest;
pub use sign::Signer;
pub use signature::{Algorithm, Verifier};

/// The file that says what a bundle is.
pub const MANIFEST: &str = ".manifest";
/// The file that says who vouches for it.
pub const SIGNATURES: &str = ".signatures.json";
/// The largest bundle that is read, as it travels, in bytes.
pub const LARGEST: u64 = 16 << 20;

/// The files of a bundle by their names, and its manifest.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// What it says of itself.
    pub manifest: Manifest,
    files: BTreeMap<String, Vec<u8>>,
    /// Names of data documents beside `data.json` and `data.yaml`; artifacts with a layer for each file have them.
    named_data: Vec<String>,
}

impl Bundle {
    /// Reads a packed bundle.
    ///
    /// # Errors
    /// When it is no gzipped tar archive, is larger than the bounds, has names that lead out of it or twice to the
    /// same place, links or devices, is a delta or a WebAssembly bundle, or its manifest cannot be read.
    pub fn read(packed: &[u8]) -> Result<Self, HintedError> {
        Self::from_files(archive::unpack(packed)?, Vec::new())
    }

    /// A bundle of these files.
    ///
    /// # Errors
    /// When a name is refused, or the manifest cannot be read; for a delta or a WebAssembly bundle.
    pub fn from_files(files: BTreeMap<String, Vec<u8>>, named_data: Vec<String>) -> Result<Self, HintedError> {
        for name in files.keys() {
            path::refuse_other_kinds(name)?;
        }
        let manifest = files.get(MANIFEST).map(|bytes| Manifest::read(bytes)).transpose()?.unwrap_or_default();
        Ok(Self { manifest, files, named_data })
    }

    /// The bundle as bytes: the same files give the same bytes, whoever packs them and when.
    ///
    /// # Errors
    /// When a name is too long for an archive.
    pub fn pack(&self) -> Result<Vec<u8>, HintedError> {
        archive::pack(&self.files)
    }

    /// The files by their names.
    #[must_use]
    pub const fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    /// Whether a file of this name holds a data document.
    #[must_use]
    pub fn is_data(&self, name: &str) -> bool {
        path::is_data(name) || self.named_data.iter().any(|named| named == name)
    }

    /// Adds a signature over all files.
    ///
    /// # Errors
    /// When a file cannot be hashed or the key cannot sign.
    pub fn sign(&mut self, signer: &Signer) -> Result<(), HintedError> {
        self.files.remove(SIGNATURES);
        let signatures = signer.sign(&self.files)?;
        self.files.insert(SIGNATURES.to_owned(), signatures);
        Ok(())
    }

    /// Checks the signature: a key that is configured must have signed exactly these files; without one there must be
    /// no signature, since nobody would have looked at it.
    ///
    /// # Errors
    /// Everything else.
    pub fn verify(&self, verifier: Option<&Verifier>) -> Result<(), HintedError> {
        match (verifier, self.files.get(SIGNATURES)) {
            (Some(verifier), Some(signatures)) => verifier.verify(signatures, &self.files),
            (Some(_), None) => Err(HintedError::new(
                "it has no signature, and the configuration asks for one",
                "sign it with `holdpoint policy bundle --sign KEY`, or with `opa sign`",
            )),
            (None, Some(_)) => Err(HintedError::new(
                "it is signed, and the configuration has no key to verify it with",
                "write `{bundle: …, verify: {key_file: PATH}}`, or `verify` beside `oci`",
            )),
            (None, None) => Ok(()),
        }
    }

    /// The policies and data for an engine. Tests are apart: they decide nothing. `shown` begins their names in
    /// messages.
    ///
    /// # Errors
    /// A policy or data document that is not UTF-8 text; a bundle without policies and data.
    pub fn into_set(self, origin: Origin, shown: &str) -> Result<PolicySet, HintedError> {
        let (mut policies, mut tests, mut data) = (Vec::new(), Vec::new(), Vec::new());
        for (name, bytes) in &self.files {
            let path = format!("{shown}/{name}");
            if path::is_policy(name) || path::is_test(name) {
                let kind = if path::is_test(name) { &mut tests } else { &mut policies };
                kind.push(PolicyText { path, text: text(name, bytes)?, version: self.manifest.version_of(name) });
            } else if self.is_data(name) && !matches!(name.as_str(), MANIFEST | SIGNATURES) {
                let mut mount = path::mount(name);
                // conftest keeps documents of any name in a folder `data`, and mounts what is in it.
                if !path::is_data(name) && mount.first().is_some_and(|folder| folder == "data") {
                    mount.remove(0);
                }
                data.push(DataText { path, mount, text: text(name, bytes)? });
            }
        }
        if policies.is_empty() && data.is_empty() {
            return Err(HintedError::new(
                "it has no policies",
                "a policy is a file that ends in `.rego`; tests end in `_test.rego` and do not count",
            ));
        }
        Ok(PolicySet { origin, policies, tests, data, roots: self.manifest.roots() })
    }
}

fn text(name: &str, bytes: &[u8]) -> Result<String, HintedError> {
    let text = std::str::from_utf8(bytes).map_err(|_error| {
        HintedError::new(format!("its file `{name}` is not UTF-8 text"), "save it as UTF-8 and pack the bundle again")
    })?;
    // Editors on Windows begin a file with a byte order mark, which is no part of the text.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned())
}

/// The SHA-256 digest of these bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}
