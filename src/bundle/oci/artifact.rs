//! What an artifact of policies looks like.

use std::collections::BTreeMap;

use oci_client::annotations::ORG_OPENCONTAINERS_IMAGE_TITLE as TITLE;
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};

use super::super::{Bundle, LARGEST, digest, path};
use crate::domain::digest::Digest;
use crate::domain::hinted::HintedError;

/// The layer that is a bundle, and the configuration beside it.
const BUNDLE_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const BUNDLE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Layers that are files, and the configuration beside them.
const POLICY_LAYER: &str = "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego";
const DATA_LAYER: &str = "application/vnd.cncf.openpolicyagent.data.layer.v1+json";
const FILES_CONFIG: &str = "application/vnd.cncf.openpolicyagent.config.v1+json";
/// Neither layout says anything in its configuration.
const CONFIG: &[u8] = b"{}";

/// Layers of one artifact.
const MOST_LAYERS: usize = 2000;

/// How policies lie in an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One layer that is a bundle, as OPA reads it.
    Bundle,
    /// A layer for each file, as conftest reads it.
    Files,
}

/// What is pushed: a manifest, and the contents that it names, the configuration last.
pub(super) struct Parts {
    pub(super) manifest: OciImageManifest,
    pub(super) contents: Vec<Vec<u8>>,
}

/// One layer, as the manifest states it.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) digest: Digest,
    pub(super) size: u64,
    title: String,
    is_data: bool,
}

pub(super) fn read_manifest(bytes: &[u8]) -> Result<OciImageManifest, HintedError> {
    let manifest: OciImageManifest = serde_json::from_slice(bytes).map_err(|error| {
        HintedError::new(
            format!("its manifest is not that of one artifact: {error}"),
            "name one artifact, not an index of images",
        )
    })?;
    let wrong = manifest.media_type.as_deref().filter(|media_type| *media_type != OCI_IMAGE_MEDIA_TYPE);
    if manifest.schema_version != 2 || wrong.is_some() {
        let message = format!("its manifest is of the type `{}`", wrong.unwrap_or("of an older schema"));
        return Err(HintedError::new(
            message,
            "push it again with `holdpoint policy push`, `holdpoint plugin push` or `oras`",
        ));
    }
    Ok(manifest)
}

/// The layers and their layout, within bounds: nothing is fetched that could not be used.
pub(super) fn layers(manifest: &OciImageManifest) -> Result<(Layout, Vec<Layer>), HintedError> {
    let layout = match manifest.layers.as_slice() {
        [] => return Err(HintedError::new("it has no layers", "push policies to it")),
        [only] if only.media_type == BUNDLE_LAYER => Layout::Bundle,
        _ => Layout::Files,
    };
    if manifest.layers.len() > MOST_LAYERS {
        return Err(HintedError::new(format!("it has more than {MOST_LAYERS} layers"), "push it as one bundle"));
    }
    let layers: Vec<Layer> = manifest.layers.iter().map(|layer| read_layer(layout, layer)).collect::<Result<_, _>>()?;
    let total = layers.iter().map(|layer| layer.size).fold(0_u64, u64::saturating_add);
    if total > LARGEST {
        let message = format!("its layers have {total} bytes, and at most {} MiB are fetched", LARGEST >> 20);
        return Err(HintedError::new(message, "split it, or keep tables of data elsewhere"));
    }
    Ok((layout, layers))
}

fn read_layer(layout: Layout, layer: &OciDescriptor) -> Result<Layer, HintedError> {
    let is_data = match (layout, layer.media_type.as_str()) {
        (Layout::Bundle, BUNDLE_LAYER) | (Layout::Files, POLICY_LAYER) => false,
        (Layout::Files, DATA_LAYER) => true,
        (_, other) => {
            return Err(HintedError::new(
                format!("it has a layer of the type `{other}`, which is none of policies"),
                "an artifact of policies has one layer that is a bundle, or one for each policy and data document",
            ));
        }
    };
    Ok(Layer { is_data, ..described(layer)? })
}

/// What the manifest states of a layer, whatever it holds.
pub(super) fn described(layer: &OciDescriptor) -> Result<Layer, HintedError> {
    let digest = layer.digest.parse().map_err(|error| {
        HintedError::new(format!("its layer's digest cannot be used: {error}"), "push it again with SHA-256 digests")
    })?;
    let size = u64::try_from(layer.size)
        .map_err(|_negative| HintedError::new("it has a layer of a negative size", "push it again"))?;
    let titles = layer.annotations.as_ref();
    let title = titles.and_then(|titles| titles.get(TITLE)).cloned().unwrap_or_default();
    Ok(Layer { digest, size, title, is_data: false })
}

/// The bundle that these layers make, and the bundle as it travelled.
pub(super) fn unpack(
    layout: Layout,
    mut contents: Vec<(Layer, Vec<u8>)>,
) -> Result<(Bundle, Option<Vec<u8>>), HintedError> {
    if layout == Layout::Bundle {
        let packed = contents.pop().map(|(_, content)| content).unwrap_or_default();
        return Ok((Bundle::read(&packed)?, Some(packed)));
    }
    let (mut files, mut data) = (BTreeMap::new(), Vec::new());
    for (layer, content) in contents {
        let Some(name) = path::normal(layer.title.as_bytes())? else {
            return Err(HintedError::new(
                format!("its layer {} has no name", layer.digest),
                format!("push it with the annotation `{TITLE}`, as conftest does"),
            ));
        };
        if layer.is_data {
            data.push(name.clone());
        }
        if files.insert(name.clone(), content).is_some() {
            return Err(HintedError::new(format!("its file `{name}` is there twice"), "push it again"));
        }
    }
    Ok((Bundle::from_files(files, data)?, None))
}

/// The manifest of a bundle, and the contents that it names.
pub(super) fn compose(bundle: &Bundle, layout: Layout) -> Result<Parts, HintedError> {
    let parts: Vec<(String, &str, Vec<u8>)> = match layout {
        Layout::Bundle => vec![("bundle.tar.gz".to_owned(), BUNDLE_LAYER, bundle.pack()?)],
        Layout::Files => {
            bundle.files().iter().map(|(name, bytes)| (name.clone(), media_type(name), bytes.clone())).collect()
        }
    };
    let describe = |(title, media_type, content): &(String, &str, Vec<u8>)| OciDescriptor {
        annotations: Some(BTreeMap::from([(TITLE.to_owned(), title.clone())])),
        ..descriptor(media_type, content)
    };
    let config = if layout == Layout::Bundle { BUNDLE_CONFIG } else { FILES_CONFIG };
    let manifest = OciImageManifest {
        schema_version: 2,
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: descriptor(config, CONFIG),
        layers: parts.iter().map(describe).collect(),
        ..OciImageManifest::default()
    };
    // What could not be fetched is not pushed.
    layers(&manifest)?;
    let contents = parts.into_iter().map(|(_, _, content)| content).chain([CONFIG.to_vec()]).collect();
    Ok(Parts { manifest, contents })
}

fn media_type(name: &str) -> &'static str {
    let is_policy = name.rsplit_once('.').is_some_and(|(_, end)| end == "rego");
    if is_policy { POLICY_LAYER } else { DATA_LAYER }
}

pub(super) fn descriptor(media_type: &str, content: &[u8]) -> OciDescriptor {
    OciDescriptor {
        media_type: media_type.to_owned(),
        digest: digest(content).to_string(),
        size: i64::try_from(content.len()).unwrap_or(i64::MAX),
        ..OciDescriptor::default()
    }
}
