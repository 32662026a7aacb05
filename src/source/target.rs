//! What one list of records is about.

use std::sync::Arc;

/// Which records a source lists at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Target {
    /// All that can be seen.
    All,
    /// Those of one `environment_name`.
    Named(Arc<str>),
}

impl Target {
    pub(super) fn name(&self) -> Option<Arc<str>> {
        match self {
            Self::All => None,
            Self::Named(name) => Some(Arc::clone(name)),
        }
    }
}
