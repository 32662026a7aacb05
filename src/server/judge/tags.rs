//! What a tag stands for.

use crate::domain::digest::Digest;
use crate::gate::source::BoxFuture;

/// What a registry says a tag stands for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The digest of the manifest, or of the index when there is one for each platform.
    pub digest: Digest,
    /// The digests of the platforms' manifests, when it is an index.
    pub platforms: Vec<Digest>,
}

/// Asks registries what tags stand for.
pub trait ResolveTag: Send + Sync {
    /// What `reference`, an image name with a tag or without, stands for now.
    ///
    /// # Errors
    /// Why that is not known, in words.
    fn resolve<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Result<Resolved, String>>;
}
