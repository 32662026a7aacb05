//! From where policies are kept to what the engine loads: reads bundles, fetches artifacts, verifies both.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};

use crate::bundle::oci::{self, Access, Pulled};
use crate::bundle::{self, Algorithm, Bundle, Verifier};
use crate::config::{KeySource, PolicySource, Verification};
use crate::domain::origin::{Origin, OriginKind};
use crate::domain::policy::PolicySet;
use crate::domain::repository::RepositoryReference;
use crate::engine::rego::PolicyInput;
use crate::source::file;

/// How long one artifact may take.
const TIMEOUT: Duration = Duration::from_mins(1);
/// The largest key file, in bytes.
const LARGEST_KEY: u64 = 64 << 10;

/// What the engine loads from these places. Artifacts that are not in the cache are fetched, unless `offline`.
///
/// # Errors
/// A bundle or artifact that cannot be read, fetched or verified.
pub fn inputs(sources: &[PolicySource], offline: bool) -> anyhow::Result<Vec<PolicyInput>> {
    sources.iter().map(|source| input(source, offline)).collect()
}

fn input(source: &PolicySource, offline: bool) -> anyhow::Result<PolicyInput> {
    let set = match source {
        PolicySource::Path(path) => return Ok(PolicyInput::Path(path.clone())),
        PolicySource::Bundle { path, verify } => {
            from_file(path, verify.as_ref()).with_context(|| format!("bundle `{}` cannot be used", path.display()))
        }
        PolicySource::Oci { address, verify, allow_insecure } => {
            let access = Access { offline, allow_insecure: *allow_insecure, ..access() };
            from_registry(address, verify.as_ref(), &access)
                .with_context(|| format!("policies `oci://{address}` cannot be used"))
        }
    };
    Ok(PolicyInput::Set(Arc::new(set?)))
}

fn from_file(path: &Path, verify: Option<&Verification>) -> anyhow::Result<PolicySet> {
    let (bundle, packed) = read_bundle(path)?;
    let name = path.display().to_string();
    set(bundle, verify, (OriginKind::Bundle, name.clone(), bundle::digest(&packed)), &name)
}

fn from_registry(
    address: &RepositoryReference,
    verify: Option<&Verification>,
    access: &Access,
) -> anyhow::Result<PolicySet> {
    let Pulled { digest, bundle, packed: _ } = wait_for(oci::pull(address, access))??;
    let RepositoryReference { registry, repository, .. } = address;
    let shown = format!("{registry}/{repository}@{}", digest.short());
    set(bundle, verify, (OriginKind::Oci, address.to_string(), digest), &shown)
}

fn set(
    bundle: Bundle,
    verify: Option<&Verification>,
    (kind, name, digest): (OriginKind, String, crate::domain::digest::Digest),
    shown: &str,
) -> anyhow::Result<PolicySet> {
    let verifier = verify.map(verifier).transpose()?;
    bundle.verify(verifier.as_ref())?;
    let revision = Some(bundle.manifest.revision.clone()).filter(|revision| !revision.is_empty());
    let origin = Origin { kind, name, digest, revision, verified: verifier.is_some() };
    Ok(bundle.into_set(origin, shown)?)
}

/// Reads a bundle, and the file as it is.
///
/// # Errors
/// When the file cannot be read, is larger than a bundle may be, or is none.
pub fn read_bundle(path: &Path) -> anyhow::Result<(Bundle, Vec<u8>)> {
    let packed = file::read(path, bundle::LARGEST)
        .map_err(|error| anyhow!("the file cannot be read: {error}\nhint: check the path and its permissions"))?;
    Ok((Bundle::read(&packed)?, packed))
}

fn verifier(verification: &Verification) -> anyhow::Result<Verifier> {
    let Verification { key, algorithm, key_id, scope } = verification;
    let algorithm = Algorithm::named(algorithm).ok_or_else(|| anyhow!("the algorithm `{algorithm}` is not known"))?;
    let key = match key {
        KeySource::File(path) => read_key(path, algorithm)?,
        KeySource::Text(text) => text.clone().into_bytes(),
    };
    Ok(Verifier::new(&key, algorithm, key_id.clone(), scope.clone())?)
}

/// Reads a key. The line break that editors put at the end of a file is no part of a secret.
///
/// # Errors
/// When the file cannot be read.
pub fn read_key(path: &Path, algorithm: Algorithm) -> anyhow::Result<Vec<u8>> {
    let mut key = file::read(path, LARGEST_KEY).map_err(|error| {
        let path = path.display();
        anyhow!("the key `{path}` cannot be read: {error}\nhint: name the file that holds the key")
    })?;
    if algorithm.is_symmetric() {
        let end = key.len() - key.iter().rev().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        key.truncate(end);
    }
    Ok(key)
}

/// How registries are reached in this environment.
#[must_use]
pub fn access() -> Access {
    Access {
        docker_config: folder("DOCKER_CONFIG").or_else(|| below_home(".docker")),
        cache: cache_folder().map(|cache| cache.join("policies")),
        offline: false,
        allow_insecure: false,
        timeout: TIMEOUT,
    }
}

/// Where holdpoint keeps what it can make or fetch again; `None` for a user without a home.
pub(super) fn cache_folder() -> Option<PathBuf> {
    // The specification of this variable: a path that is not absolute is to be ignored.
    let cache = folder("XDG_CACHE_HOME").filter(|path| path.is_absolute()).or_else(|| below_home(".cache"));
    cache.map(|cache| cache.join("holdpoint"))
}

fn below_home(path: &str) -> Option<PathBuf> {
    folder("HOME").or_else(|| folder("USERPROFILE")).map(|home| home.join(path))
}

fn folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Runs asynchronous work to its end on this thread, which must not be one of a runtime.
///
/// # Errors
/// When no runtime can be started.
pub fn wait_for<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(work))
}
