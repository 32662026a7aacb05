//! Policies and plugins in OCI registries. Policies lie there in the two layouts in use: one layer that is a bundle, as
//! OPA has it, and a layer for each file, as conftest has it. A plugin is one layer, its component.
//!
//! What is read is verified before it is used: the manifest by the digest that pins it, each layer by the manifest.
//! Reading is done here, within bounds; writing is `oci-client`'s, which reads what servers answer without a bound
//! and sends credentials wherever a challenge says.

mod artifact;
mod authorize;
mod cache;
mod component;
mod credentials;
mod http;
mod push;
mod registry;
mod resolve;

use std::path::PathBuf;
use std::time::Duration;

use oci_client::manifest::OciImageManifest;

use super::{Bundle, digest};
use crate::domain::digest::Digest;
use crate::domain::hinted::HintedError;
use crate::domain::repository::RepositoryReference;
use artifact::Layer;
use cache::Cache;
use registry::Registry;

pub use artifact::Layout;
pub use component::{ComponentOutside, PulledComponent, pull_component};
pub use resolve::{TaggedImage, resolve_tag};

/// Bytes of a manifest; registries take no larger ones.
const LARGEST_MANIFEST: u64 = 4 << 20;

/// How registries are reached.
#[derive(Clone, Debug)]
pub struct Access {
    /// The folder of Docker's configuration, with the credentials.
    pub docker_config: Option<PathBuf>,
    /// Where what was fetched is kept.
    pub cache: Option<PathBuf>,
    /// Nothing is fetched: all must be in the cache.
    pub offline: bool,
    /// Registries on other machines are reached without TLS as well.
    pub allow_insecure: bool,
    /// How long one artifact may take.
    pub timeout: Duration,
}

/// Policies as they were fetched.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// The digest of the manifest: what to pin.
    pub digest: Digest,
    /// The files.
    pub bundle: Bundle,
    /// The bundle as it travelled, where it is one layer.
    pub packed: Option<Vec<u8>>,
}

/// Fetches the policies at this address, from the cache as far as they are there. A digest decides alone; a tag is
/// resolved anew each time.
///
/// # Errors
/// When the registry cannot be reached, refuses, or answers with something else than was asked for; when it takes
/// too long; when nothing may be fetched and something is missing; when the artifact holds no policies.
pub async fn pull(address: &RepositoryReference, access: &Access) -> Result<Pulled, HintedError> {
    within(access.timeout, address, fetch(address, access)).await
}

/// Pushes a bundle to this address, which names a tag. Returns the digest to pin.
///
/// # Errors
/// When the address has a digest or no tag; when the registry cannot be reached or refuses; when it takes too long.
pub async fn push(
    address: &RepositoryReference,
    bundle: &Bundle,
    layout: Layout,
    access: &Access,
) -> Result<Digest, HintedError> {
    within(access.timeout, address, push::push(address, || artifact::compose(bundle, layout), access)).await
}

/// Pushes a component to this address, which names a tag. Returns the digest to pin.
///
/// # Errors
/// Those of [`push`], and a component that is larger than what is pulled.
pub async fn push_component(
    address: &RepositoryReference,
    component: &[u8],
    outside: &ComponentOutside,
    access: &Access,
) -> Result<Digest, HintedError> {
    within(access.timeout, address, push::push(address, || component::compose(component, outside), access)).await
}

async fn within<T>(
    timeout: Duration,
    address: &RepositoryReference,
    work: impl Future<Output = Result<T, HintedError>>,
) -> Result<T, HintedError> {
    tokio::time::timeout(timeout, work).await.unwrap_or_else(|_elapsed| {
        let message = format!("the registry `{}` took longer than {timeout:?}", address.registry);
        Err(HintedError::new(message, "try again, or look at the network in between"))
    })
}

async fn fetch(address: &RepositoryReference, access: &Access) -> Result<Pulled, HintedError> {
    let fetcher = Fetcher { cache: Cache::new(access.cache.clone()), registry: Registry::new(address, access)? };
    let (digest, manifest) = fetcher.manifest(address).await?;
    let manifest: OciImageManifest = artifact::read_manifest(&manifest)?;
    let (layout, layers) = artifact::layers(&manifest)?;
    let mut contents = Vec::with_capacity(layers.len());
    for layer in layers {
        let content = fetcher.layer(&layer).await?;
        contents.push((layer, content));
    }
    let (bundle, packed) = artifact::unpack(layout, contents)?;
    Ok(Pulled { digest, bundle, packed })
}

struct Fetcher<'a> {
    cache: Cache,
    registry: Registry<'a>,
}

impl Fetcher<'_> {
    async fn manifest(&self, address: &RepositoryReference) -> Result<(Digest, Vec<u8>), HintedError> {
        let Some(pinned) = address.digest else {
            let manifest = self.registry.manifest(address.tag.as_deref().unwrap_or("latest"), LARGEST_MANIFEST).await?;
            let digest = digest(&manifest);
            self.cache.put(digest, &manifest);
            return Ok((digest, manifest));
        };
        if let Some(manifest) = self.cache.get(pinned, LARGEST_MANIFEST) {
            return Ok((pinned, manifest));
        }
        let manifest = self.registry.manifest(&pinned.to_string(), LARGEST_MANIFEST).await?;
        self.verified("manifest", pinned, &manifest)?;
        Ok((pinned, manifest))
    }

    async fn layer(&self, layer: &Layer) -> Result<Vec<u8>, HintedError> {
        if let Some(content) = self.cache.get(layer.digest, layer.size) {
            return Ok(content);
        }
        let content = self.registry.blob(layer.digest, layer.size).await?;
        self.verified("layer", layer.digest, &content)?;
        Ok(content)
    }

    /// Only what is what it should be is kept.
    fn verified(&self, what: &str, wanted: Digest, content: &[u8]) -> Result<(), HintedError> {
        let found = digest(content);
        if found != wanted {
            return Err(HintedError::new(
                format!("the registry's {what} {wanted} has another content, with the digest {found}"),
                "do not use it: the registry, or something on the way, changed it",
            ));
        }
        self.cache.put(wanted, content);
        Ok(())
    }
}
