//! What a tag stands for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout_at;

use crate::domain::digest::Digest;
use crate::gate::source::BoxFuture;

/// How long an answer of a registry is used. A tag can be moved at any time, and a node that pulls it a moment later
/// gets what it stands for then.
const LIFETIME: Duration = Duration::from_secs(10);
/// Answers that are kept.
const MOST: usize = 1_024;
/// Questions to registries at a time.
const SIDE_BY_SIDE: usize = 16;

/// What a registry says a tag stands for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The digest of the manifest, or of the index when there is one for each platform.
    pub digest: Digest,
    /// The digests of the platforms' manifests, when it is an index: all that a node may run.
    pub platforms: Vec<Digest>,
}

/// Asks registries what tags stand for.
pub trait ResolveTag: Send + Sync {
    /// What `reference`, an image name with a tag or without, stands for now.
    ///
    /// # Errors
    /// Why that is not known, in words that continue a sentence. They are shown to whoever deploys.
    fn resolve<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Result<Resolved, String>>;
}

/// A resolver that is asked once for many questions at the same time. Failures are not kept.
pub(super) struct Tags {
    resolver: Arc<dyn ResolveTag>,
    known: Mutex<HashMap<String, Known>>,
    turns: Semaphore,
}

#[derive(Clone)]
struct Known {
    since: Instant,
    resolved: Arc<OnceCell<Resolved>>,
}

impl Known {
    fn new() -> Self {
        Self { since: Instant::now(), resolved: Arc::default() }
    }

    fn is_new(&self) -> bool {
        self.since.elapsed() < LIFETIME
    }
}

impl Tags {
    pub(super) fn new(resolver: Arc<dyn ResolveTag>) -> Self {
        Self { resolver, known: Mutex::new(HashMap::new()), turns: Semaphore::new(SIDE_BY_SIDE) }
    }

    /// What the tag stands for now, if that can be told until then.
    pub(super) async fn resolve(&self, reference: &str, until: Instant) -> Result<Resolved, String> {
        let known = self.known(reference);
        let ask = known.resolved.get_or_try_init(|| async {
            let _turn = self.turns.acquire().await.map_err(|error| error.to_string())?;
            self.resolver.resolve(reference).await
        });
        match timeout_at(until.into(), ask).await {
            Ok(resolved) => resolved.cloned(),
            Err(_elapsed) => Err("the registry did not answer in time".to_owned()),
        }
    }

    fn known(&self, reference: &str) -> Known {
        let mut all = self.all();
        if let Some(known) = all.get(reference).filter(|known| known.is_new()) {
            return known.clone();
        }
        if all.len() >= MOST {
            all.retain(|_reference, known| known.is_new());
        }
        let known = Known::new();
        if all.len() < MOST {
            all.insert(reference.to_owned(), known.clone());
        }
        known
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
