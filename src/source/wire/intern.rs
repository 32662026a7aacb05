//! Sharing of texts that repeat.

use std::collections::HashSet;
use std::sync::Arc;

use crate::domain::artifact::RecordedArtifact;

/// Keeps one copy of each text and artifact that records repeat.
#[derive(Debug, Default)]
pub struct Interner {
    texts: HashSet<Arc<str>>,
    artifacts: HashSet<Arc<RecordedArtifact>>,
}

impl Interner {
    /// The shared copy of this text.
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(shared) = self.texts.get(text) {
            return shared.clone();
        }
        let shared: Arc<str> = Arc::from(text);
        self.texts.insert(shared.clone());
        shared
    }

    /// The shared copy of this artifact.
    pub(super) fn artifact(&mut self, artifact: RecordedArtifact) -> Arc<RecordedArtifact> {
        if let Some(shared) = self.artifacts.get(&artifact) {
            return shared.clone();
        }
        let shared = Arc::new(artifact);
        self.artifacts.insert(shared.clone());
        shared
    }
}
