//! Distinct records by id.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::wire::RecordHash;

/// What is new about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Its id was not there before.
    First,
    /// It was there, with the same content.
    Again,
    /// It was there, with other content.
    Changed,
}

/// The ids read so far, with a hash of each one's content.
#[derive(Debug, Default)]
pub(super) struct Distinct(HashMap<Arc<str>, RecordHash>);

impl Distinct {
    /// Notes an item.
    pub(super) fn see(&mut self, id: &Arc<str>, content: RecordHash) -> Seen {
        match self.0.entry(id.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(content);
                Seen::First
            }
            Entry::Occupied(entry) if *entry.get() == content => Seen::Again,
            Entry::Occupied(_) => Seen::Changed,
        }
    }

    /// How many different ids there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
