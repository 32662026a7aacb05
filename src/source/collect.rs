//! Distinct records by id, and records by target.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::domain::record::DeploymentRecord;

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

/// The ids read so far, with the content of each one or a hash of it.
#[derive(Debug)]
pub(super) struct Distinct<C>(HashMap<Arc<str>, C>);

impl<C: PartialEq> Distinct<C> {
    /// Nothing seen yet.
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }

    /// Notes an item.
    pub(super) fn see(&mut self, id: &Arc<str>, content: C) -> Seen {
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

/// Records by target, handed out to the environments that asked for it.
#[derive(Debug, Default)]
pub(super) struct ByTarget {
    records: HashMap<Arc<str>, Vec<DeploymentRecord>>,
    users: HashMap<Arc<str>, usize>,
}

impl ByTarget {
    /// One more environment will take this target.
    pub(super) fn expect(&mut self, target: &Arc<str>) {
        *self.users.entry(target.clone()).or_default() += 1;
    }

    /// Keeps a record, when any environment will take its target.
    pub(super) fn keep(&mut self, record: DeploymentRecord) -> bool {
        let wanted = self.users.contains_key(&record.environment_name);
        if wanted {
            self.records.entry(record.environment_name.clone()).or_default().push(record);
        }
        wanted
    }

    /// The records of all these targets, in one list without spare room.
    pub(super) fn take_all(&mut self, targets: &BTreeSet<Arc<str>>) -> Vec<DeploymentRecord> {
        let mut lists = targets.iter().map(|target| self.take(target)).collect::<Vec<_>>().into_iter();
        let mut all = lists.next().unwrap_or_default();
        all.reserve_exact(lists.as_slice().iter().map(Vec::len).sum());
        lists.for_each(|list| all.extend(list));
        all.shrink_to_fit();
        all
    }

    /// The records of a target: copied while another environment needs them too, the last one gets them.
    fn take(&mut self, target: &Arc<str>) -> Vec<DeploymentRecord> {
        let users = self.users.entry(target.clone()).or_default();
        *users = users.saturating_sub(1);
        if *users == 0 { self.records.remove(target) } else { self.records.get(target).cloned() }.unwrap_or_default()
    }
}
