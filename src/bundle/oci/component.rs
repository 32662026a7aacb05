//! Components in registries, in CNCF's layout of Wasm artifacts: a configuration that says what is imported and
//! exported, and exactly one layer, the component.
//!
//! What the configuration says decides nothing, and it is not read: the component itself says what it is.

use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciImageManifest};
use serde::Serialize;

use super::super::digest;
use super::artifact::{self, Layer, Parts};
use super::cache::Cache;
use super::registry::Registry;
use super::{Access, Fetcher, within};
use crate::domain::digest::Digest;
use crate::domain::hinted::HintedError;
use crate::domain::plugin::LARGEST_COMPONENT;
use crate::domain::repository::RepositoryReference;

/// The layer that is a component, and the configuration beside it.
const LAYER: &str = "application/wasm";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// Some readers demand a time. One that does not move gives equal components equal artifacts.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// What a component states of itself, for those who look at the artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComponentOutside {
    /// The interfaces that it exports.
    pub exports: Vec<String>,
    /// The interfaces that it imports.
    pub imports: Vec<String>,
    /// The world that it fits, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// A component as it was fetched.
#[derive(Clone, Debug)]
pub struct PulledComponent {
    /// The digest of the manifest: what the tag resolved to.
    pub manifest: Digest,
    /// The component.
    pub bytes: Vec<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Configuration<'a> {
    created: &'static str,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [String; 1],
    component: &'a ComponentOutside,
}

/// Fetches the component at this address, from the cache as far as it is there. `wanted` is the only one that is
/// accepted: when the cache has it, nothing is asked of the registry.
///
/// # Errors
/// When the registry cannot be reached, refuses, or answers with something else than was asked for; when it takes too
/// long; when nothing may be fetched and something is missing; when the artifact is no component, or another.
pub async fn pull_component(
    address: &RepositoryReference,
    wanted: Option<Digest>,
    access: &Access,
) -> Result<PulledComponent, HintedError> {
    within(access.timeout, address, fetch(address, wanted, access)).await
}

async fn fetch(
    address: &RepositoryReference,
    wanted: Option<Digest>,
    access: &Access,
) -> Result<PulledComponent, HintedError> {
    let cache = Cache::new(access.cache.clone());
    if let Some(known) = wanted.and_then(|wanted| cached(&cache, address, wanted)) {
        return Ok(known);
    }
    let fetcher = Fetcher { cache, registry: Registry::new(address, access)? };
    let (manifest, content) = fetcher.manifest(address).await?;
    let layer = layer(&artifact::read_manifest(&content)?)?;
    if let Some(wanted) = wanted.filter(|wanted| *wanted != layer.digest) {
        return Err(HintedError::new(
            format!("it is another component than the configuration names: {}, not {wanted}", layer.digest),
            "if you trust it, write its digest as `sha256`",
        ));
    }
    let bytes = fetcher.layer(&layer).await?;
    fetcher.cache.remember(layer.digest, manifest);
    Ok(PulledComponent { manifest, bytes })
}

/// The component out of the cache, with the manifest that the address pins or that it was last fetched by.
fn cached(cache: &Cache, address: &RepositoryReference, wanted: Digest) -> Option<PulledComponent> {
    let bytes = cache.get(wanted, LARGEST_COMPONENT)?;
    let manifest = address.digest.or_else(|| cache.remembered(wanted))?;
    Some(PulledComponent { manifest, bytes })
}

/// The one layer, within bounds: nothing is fetched that could not be used.
fn layer(manifest: &OciImageManifest) -> Result<Layer, HintedError> {
    let [only] = manifest.layers.as_slice() else {
        return Err(HintedError::new(
            format!("it has {} layers, and the artifact of a component has exactly one", manifest.layers.len()),
            "push it again with `holdpoint plugin push`",
        ));
    };
    if only.media_type != LAYER {
        return Err(HintedError::new(
            format!("its layer is of the type `{}`, and a component is `{LAYER}`", only.media_type),
            "name the artifact of a plugin; policies belong under `policies`",
        ));
    }
    let layer = artifact::described(only)?;
    if layer.size > LARGEST_COMPONENT {
        let message =
            format!("its component has {} bytes, and at most {} MiB are fetched", layer.size, LARGEST_COMPONENT >> 20);
        return Err(HintedError::new(message, "build it smaller: optimised, and without debug information"));
    }
    Ok(layer)
}

/// The manifest of a component, and the contents that it names.
pub(super) fn compose(component: &[u8], outside: &ComponentOutside) -> Result<Parts, HintedError> {
    let configuration = Configuration {
        created: CREATED,
        architecture: "wasm",
        os: "wasip2",
        layer_digests: [digest(component).to_string()],
        component: outside,
    };
    let configuration = serde_json::to_vec(&configuration)
        .map_err(|error| HintedError::new(format!("the configuration cannot be written: {error}"), "report this"))?;
    let manifest = OciImageManifest {
        schema_version: 2,
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: artifact::descriptor(CONFIG, &configuration),
        layers: vec![artifact::descriptor(LAYER, component)],
        ..OciImageManifest::default()
    };
    // What could not be fetched is not pushed.
    layer(&manifest)?;
    Ok(Parts { manifest, contents: vec![component.to_vec(), configuration] })
}
