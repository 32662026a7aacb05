//! What a tag of an image stands for.

use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE,
};
use serde::Deserialize;

use super::super::digest;
use super::registry::Registry;
use super::{Access, LARGEST_MANIFEST, within};
use crate::domain::digest::Digest;
use crate::domain::hinted::HintedError;
use crate::domain::repository::RepositoryReference;

/// Platforms of one index. Images have a dozen at most.
const MOST_PLATFORMS: usize = 64;

/// What a tag stood for when it was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedImage {
    /// The digest of the manifest or of the index, worked out from its content.
    pub digest: Digest,
    /// The digests that an index names for platforms. What is for no platform, such as an attestation, is left out.
    pub platforms: Vec<Digest>,
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    digest: Digest,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    #[serde(default)]
    os: String,
}

/// Asks the registry what the tag of this address stands for now; without one, `latest`. Nothing is kept.
///
/// # Errors
/// When the registry cannot be reached, refuses, takes too long, or answers with something that is no image.
pub async fn resolve_tag(address: &RepositoryReference, access: &Access) -> Result<TaggedImage, HintedError> {
    within(access.timeout, address, resolve(address, access)).await
}

async fn resolve(address: &RepositoryReference, access: &Access) -> Result<TaggedImage, HintedError> {
    let kinds =
        [OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE];
    let tag = address.tag.as_deref().unwrap_or("latest");
    let registry = Registry::new(address, access)?;
    let manifest = registry.manifest_as(tag, &kinds.join(", "), LARGEST_MANIFEST).await?;
    read(&manifest)
}

fn read(manifest: &[u8]) -> Result<TaggedImage, HintedError> {
    let strange = |what: String| HintedError::new(format!("the tag stands for no image: {what}"), "correct the tag");
    // A list would be taken for an index without a field.
    let members: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(manifest).map_err(|error| strange(error.to_string()))?;
    let index = Index::deserialize(members).map_err(|error| strange(error.to_string()))?;
    if index.manifests.len() > MOST_PLATFORMS {
        return Err(strange(format!("it names {} manifests, at most {MOST_PLATFORMS}", index.manifests.len())));
    }
    let runs = |entry: &Entry| entry.platform.as_ref().is_none_or(|platform| platform.os != "unknown");
    let platforms = index.manifests.iter().filter(|entry| runs(entry)).map(|entry| entry.digest).collect();
    Ok(TaggedImage { digest: digest(manifest), platforms })
}

#[cfg(test)]
mod tests {
    use super::{MOST_PLATFORMS, read};
    use serde_json::{Value, json};

    fn digest(number: usize) -> String {
        format!("sha256:{number:064x}")
    }

    fn platforms(manifest: &Value) -> Result<Vec<String>, String> {
        let read = read(manifest.to_string().as_bytes()).map_err(|error| error.message)?;
        Ok(read.platforms.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn an_index_has_platforms_and_attestations() {
        let index = json!({"schemaVersion": 2, "manifests": [
            {"digest": digest(1), "platform": {"os": "linux", "architecture": "amd64"}},
            {"digest": digest(2), "platform": {"os": "unknown", "architecture": "unknown"}},
            {"digest": digest(3)},
        ]});
        assert_eq!(platforms(&index), Ok(vec![digest(1), digest(3)]));
        assert_eq!(platforms(&json!({"schemaVersion": 2, "layers": []})), Ok(vec![]));
    }

    #[test]
    fn what_cannot_be_judged_is_no_image() {
        let many: Vec<Value> = (0..=MOST_PLATFORMS).map(|number| json!({"digest": digest(number)})).collect();
        let cases = [
            json!([]),
            json!("text"),
            json!({"manifests": [{"digest": format!("sha512:{}", "a".repeat(128))}]}),
            json!({"manifests": [{"digest": 1}]}),
            json!({"manifests": many}),
        ];
        for case in cases {
            let error = platforms(&case).unwrap_err();
            assert!(error.starts_with("the tag stands for no image: "), "{error}");
        }
    }
}
