//! What is remembered, bounded.

use std::collections::HashMap;

use jiff::Timestamp;

use super::Key;

/// Allows that are kept; of more, the oldest are dropped.
pub(super) const MOST: usize = 100_000;
/// Beyond [`MOST`], before they are dropped together: one look at all for so many.
const SLACK: usize = MOST / 10;
/// An instant is renewed after so many seconds, and not with every allow: then the file changes less.
const RENEWAL: i64 = 30;

/// When each was allowed last, in whole seconds.
#[derive(Default)]
pub(super) struct Memory(HashMap<Key, i64>);

/// A key, and the second at which it was allowed.
pub(super) type Entry = (Key, i64);

impl Memory {
    /// Whether it changed.
    pub(super) fn insert(&mut self, key: Key, at: Timestamp) -> bool {
        let at = at.as_second();
        match self.0.get_mut(&key) {
            // An instant in the future comes from a clock that was set back.
            Some(known) if (*known..known.saturating_add(RENEWAL)).contains(&at) => return false,
            Some(known) => *known = at,
            None => {
                self.0.insert(key, at);
                self.bound();
            }
        }
        true
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, key: Key) -> bool {
        self.0.remove(&key).is_some()
    }

    pub(super) fn get(&self, key: Key) -> Option<Timestamp> {
        Timestamp::from_second(*self.0.get(&key)?).ok()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn retain(&mut self, keep: impl Fn(Timestamp) -> bool) {
        self.0.retain(|_key, at| Timestamp::from_second(*at).is_ok_and(&keep));
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.0.iter().map(|(key, at)| (*key, *at)).collect()
    }

    fn bound(&mut self) {
        if self.0.len() > MOST + SLACK {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let mut instants: Vec<i64> = self.0.values().copied().collect();
        let (_newer, oldest_kept, _older) = instants.select_nth_unstable_by(MOST - 1, |one, other| other.cmp(one));
        let oldest_kept = *oldest_kept;
        // Of those at the same second as the oldest that stays, as many as there is room for.
        let newer = self.0.values().filter(|at| **at > oldest_kept).count();
        let mut room = MOST - newer;
        self.0.retain(|_key, at| {
            let at_the_edge = *at == oldest_kept && room > 0;
            room -= usize::from(at_the_edge);
            *at > oldest_kept || at_the_edge
        });
    }
}

impl FromIterator<Entry> for Memory {
    /// Of a key that comes twice, the older instant counts.
    fn from_iter<T: IntoIterator<Item = Entry>>(entries: T) -> Self {
        let mut memory = Self::default();
        for (key, at) in entries {
            let known = memory.0.entry(key).or_insert(at);
            *known = at.min(*known);
            memory.bound();
        }
        memory
    }
}
