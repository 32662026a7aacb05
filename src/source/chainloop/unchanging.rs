//! What was read whole, kept for as long as the server says that it has not changed.
//!
//! Only a server that announces it is asked: `etag` among its [`super::extensions`]. Its tag stands for one state of a
//! list, whatever becomes of its clock and its files. Without an answer that nothing has changed,
//! [`super::changes`] says what to do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::HeaderValue;

use crate::domain::record::DeploymentRecord;
use crate::gate::source::RecordFilters;
use crate::source::target::Target;
use crate::source::wire::RecordHash;

/// The records of one list, and the tag that they came with.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) tag: HeaderValue,
    pub(super) records: Arc<[(DeploymentRecord, RecordHash)]>,
}

/// The last whole list of each target.
#[derive(Clone, Default)]
pub(super) struct Unchanging(Arc<Mutex<HashMap<(Target, RecordFilters), Kept>>>);

impl Unchanging {
    pub(super) fn get(&self, target: &Target, filters: &RecordFilters) -> Option<Kept> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(target.clone(), filters.clone())).cloned()
    }

    /// Keeps a whole list, or forgets the one before.
    pub(super) fn put(&self, target: &Target, filters: &RecordFilters, kept: Option<Kept>) {
        let key = (target.clone(), filters.clone());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match kept {
            Some(kept) => all.insert(key, kept),
            None => all.remove(&key),
        };
        drop(all);
        // Taking many records apart takes a while: not under the lock.
        drop(before);
    }
}
