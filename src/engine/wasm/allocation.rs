//! Where the memory of calls comes from, and how many there may be at once.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::limits::{MOST_INSTANCES, MOST_TABLE_ENTRIES};

/// Memories of one component. Most have one, and one with an adapter has two.
const MEMORIES: u32 = 8;
/// Tables of one component: some for each core instance that an interpreter was linked from.
const TABLES: u32 = 40;
/// Bytes of each memory that are put back as they were before the first call, instead of being given up and asked for
/// again page by page: Go takes half as long with it, JavaScript two thirds, and Python a tenth less than with 4 MiB.
/// Only pages that calls have touched take memory.
const RESIDENT: usize = 32 << 20;
/// Bytes that the engine may keep about one instance.
const INSTANCE_BYTES: usize = 4 << 20;

/// How the memory of a call is allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allocation {
    /// When the call begins. Starting costs next to nothing: for a program that asks once.
    #[default]
    OnDemand,
    /// From a pool whose addresses are reserved at the start, in some milliseconds: for a server, whose calls are
    /// quicker then.
    Pooling {
        /// Calls that have a place at once; others wait for one. From 1 to 256.
        calls: u32,
    },
}

impl Allocation {
    /// Settings for this; none of them changes the code that is compiled. `memory` is the largest limit of a plugin.
    pub(super) fn apply(self, config: &mut Config, memory: u64) {
        if let Some(calls) = self.calls() {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(calls, memory)));
        }
    }

    fn calls(self) -> Option<u32> {
        match self {
            Self::OnDemand => None,
            Self::Pooling { calls } => Some(calls.clamp(1, 256)),
        }
    }
}

/// Room for so many components at their limits. The limiter keeps the limits themselves, and has words for them.
fn pool(calls: u32, memory: u64) -> PoolingAllocationConfig {
    let instances = u32::try_from(MOST_INSTANCES).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(instances))
        .total_memories(calls.saturating_mul(MEMORIES))
        .total_tables(calls.saturating_mul(TABLES))
        .total_stacks(calls)
        .max_core_instances_per_component(instances)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_component_instance_size(INSTANCE_BYTES)
        .max_core_instance_size(INSTANCE_BYTES)
        .max_memory_size(usize::try_from(memory).unwrap_or(usize::MAX).next_multiple_of(64 << 10))
        .table_elements(MOST_TABLE_ENTRIES)
        .linear_memory_keep_resident(RESIDENT)
        .table_keep_resident(RESIDENT)
        // Of Linux 6.7: only pages that were written are put back. Elsewhere all that are kept.
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Places for calls. Without a pool there is always one.
#[derive(Debug)]
pub(super) struct Places {
    free: Option<Mutex<u32>>,
    returned: Condvar,
}

/// A place that is taken for as long as this lives.
#[derive(Debug)]
pub(super) struct Place<'a>(&'a Places);

impl Places {
    pub(super) fn new(allocation: Allocation) -> Self {
        Self { free: allocation.calls().map(Mutex::new), returned: Condvar::new() }
    }

    /// Waits for a place, and no longer than this.
    pub(super) fn take(&self, patience: Duration) -> Option<Place<'_>> {
        let Some(free) = &self.free else { return Some(Place(self)) };
        let free = free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.returned.wait_timeout_while(free, patience, |free| *free == 0);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1)?;
        drop(free);
        Some(Place(self))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(free) = &self.0.free {
            *free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            self.0.returned.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Allocation, Places};

    const MOMENT: Duration = Duration::from_millis(5);

    #[test]
    fn a_pool_has_as_many_places_as_it_says_and_gets_them_back() {
        let places = Places::new(Allocation::Pooling { calls: 2 });
        let (one, other) = (places.take(MOMENT).unwrap(), places.take(MOMENT).unwrap());
        assert!(places.take(MOMENT).is_none());
        drop(one);
        let again = places.take(MOMENT).unwrap();
        assert!(places.take(MOMENT).is_none());
        drop((other, again));
        assert!(places.take(MOMENT).is_some());
    }

    #[test]
    fn who_waits_gets_the_place_that_is_returned() {
        let places = Places::new(Allocation::Pooling { calls: 1 });
        let taken = places.take(MOMENT).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| places.take(Duration::from_mins(1)).is_some());
            drop(taken);
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn without_a_pool_there_is_always_a_place() {
        let places = Places::new(Allocation::OnDemand);
        let taken: Vec<_> = (0..1_000).map(|_| places.take(Duration::ZERO).unwrap()).collect();
        assert_eq!(taken.len(), 1_000);
    }

    #[test]
    fn a_pool_without_places_would_answer_nothing_and_has_one() {
        assert!(Places::new(Allocation::Pooling { calls: 0 }).take(Duration::ZERO).is_some());
    }
}
