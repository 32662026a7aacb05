//! Where policies come from.

use std::path::{Path, PathBuf};

use crate::domain::repository::{RepositoryReference, SCHEME};

/// A place that policies come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicySource {
    /// A policy file, or a folder of policies.
    Path(PathBuf),
    /// A bundle in a file.
    Bundle {
        /// The file.
        path: PathBuf,
        /// Who must have signed it.
        verify: Option<Verification>,
    },
    /// An artifact in a registry. Without a digest, what its tag points to is taken.
    Oci {
        /// Where it is.
        address: RepositoryReference,
        /// Who must have signed it.
        verify: Option<Verification>,
        /// The registry may be reached without TLS.
        allow_insecure: bool,
    },
}

/// The key that signed a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The key.
    pub key: KeySource,
    /// One of [`SIGNATURE_ALGORITHMS`](crate::domain::policy::SIGNATURE_ALGORITHMS).
    pub algorithm: String,
    /// Its name.
    pub key_id: Option<String>,
    /// What it may sign for.
    pub scope: Option<String>,
}

/// Where a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In a file that holds it and nothing else.
    File(PathBuf),
    /// In the configuration: a public key in PEM.
    Text(String),
}

/// Why a text names no place that policies could come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl PolicySource {
    /// The place that a text names: `oci://…` with a digest, a bundle (`.tar.gz` or `.tgz`), or any other path, from
    /// this folder.
    ///
    /// # Errors
    /// When it is no address, or one without a digest.
    pub fn from_text(text: &str, folder: &Path) -> Result<Self, PlaceError> {
        if text.starts_with(SCHEME) {
            return Ok(Self::Oci { address: address(text, false)?, verify: None, allow_insecure: false });
        }
        let path = folder.join(text);
        let is_bundle = [".tar.gz", ".tgz"].into_iter().any(|end| text.ends_with(end));
        Ok(if is_bundle { Self::Bundle { path, verify: None } } else { Self::Path(path) })
    }
}

/// The address that a text holds, with a digest unless a tag is allowed.
pub(super) fn address(text: &str, allow_tag: bool) -> Result<RepositoryReference, PlaceError> {
    let address: RepositoryReference = text.parse().map_err(|error: crate::domain::repository::RepositoryError| {
        PlaceError { message: format!("this is no address of policies: {error}"), hint: error.hint().to_owned() }
    })?;
    if address.digest.is_none() && !allow_tag {
        let (registry, repository) = (&address.registry, &address.repository);
        return Err(PlaceError {
            message: format!("`{address}` has no digest: a tag can point to other policies tomorrow"),
            hint: format!(
                "`holdpoint policy pull {SCHEME}{address}` prints it: `{SCHEME}{registry}/{repository}@sha256:…`; to \
                 follow the tag write `{{oci: {address}, allow_tag: true}}`"
            ),
        });
    }
    Ok(address)
}
