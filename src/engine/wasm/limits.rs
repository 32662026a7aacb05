//! What one call of a plugin may use.

use wasmtime::{Config, Error, OptLevel, ResourceLimiter, Result, format_err};

/// Lines of log that are kept of one call.
pub(super) const MOST_LOG_LINES: usize = 100;
/// Bytes of log that are kept of one call.
pub(super) const MOST_LOG_BYTES: usize = 64 << 10;
/// Questions about records in one call.
pub(super) const MOST_RECORD_CALLS: u32 = 1_000;
/// Bytes that may cross the boundary in one call of a function, either way.
pub(super) const MOST_BYTES_ACROSS: usize = 8 << 20;
/// Requests to granted hosts in one call.
pub(super) const MOST_REQUESTS: usize = 20;
/// Bytes of the body of one request, and of one answer.
pub(super) const MOST_BODY_BYTES: usize = 1 << 20;
/// Bytes of the headers of one request, and of one answer.
pub(super) const MOST_HEADER_BYTES: usize = 64 << 10;
/// Bytes of a body that a plugin may write before they are taken from it.
pub(super) const MOST_PART_BYTES: usize = 64 << 10;
/// Requests, answers, streams and the like that a plugin may hold at once.
pub(super) const MOST_RESOURCES: usize = 256;
/// Bytes of stack that a plugin may use.
const STACK: usize = 512 << 10;
/// Core instances, memories and tables of one component. A component that an interpreter was put in has 38 instances.
const MOST_INSTANCES: usize = 64;
/// Entries of one table.
const MOST_TABLE_ENTRIES: usize = 100_000;

/// The settings that all plugins are compiled with and run under. Whatever changes code is part of the cache's key.
pub(super) fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(STACK)
        .cranelift_opt_level(OptLevel::Speed)
        // The same question has to get the same answer on every machine.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_memory64(false)
        .wasm_component_model(true);
    config
}

/// Counts the memory of one call, and says in words when it is over.
#[derive(Debug)]
pub(super) struct Memory {
    limit: u64,
    used: u64,
}

impl Memory {
    pub(super) const fn new(limit: u64) -> Self {
        Self { limit, used: 0 }
    }
}

/// A plugin asked for more than it may have.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it asked for {asked} KiB of memory, and may have {limit} KiB")]
pub(super) struct OverMemory {
    asked: u64,
    pub(super) limit: u64,
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let bytes = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
        let asked = self.used.saturating_add(bytes(desired).saturating_sub(bytes(current)));
        if asked > self.limit {
            // `Ok(false)` would give the plugin a chance to go on without, and end as `unreachable`.
            return Err(Error::new(OverMemory { asked: asked >> 10, limit: self.limit >> 10 }));
        }
        self.used = asked;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired > MOST_TABLE_ENTRIES {
            return Err(format_err!("it asked for a table of {desired} entries, and may have {MOST_TABLE_ENTRIES}"));
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        MOST_INSTANCES
    }

    fn tables(&self) -> usize {
        MOST_INSTANCES
    }

    fn memories(&self) -> usize {
        MOST_INSTANCES
    }
}
