//! What one call of a plugin may use.

use wasmtime::{Config, Error, OptLevel, ResourceLimiter, Result, WasmFeatures};

/// Lines of log that are kept of one call.
pub(super) const MOST_LOG_LINES: usize = 100;
/// Bytes of log that are kept of one call.
pub(super) const MOST_LOG_BYTES: usize = 64 << 10;
/// Questions about records in one call.
pub(super) const MOST_RECORD_CALLS: u32 = 1_000;
/// Bytes that may cross the boundary in one call of a function, either way.
pub(super) const MOST_BYTES_ACROSS: usize = 8 << 20;
/// Findings in one answer.
pub(super) const MOST_FINDINGS: usize = 1_000;
/// Records that one finding may name. Each is looked for among all records.
pub(super) const MOST_RECORDS_NAMED: usize = 20;
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
/// Bytes of stack that a plugin may use. It is the stack of the thread that asks, which needs room for this and for the
/// host's own functions: twice as much is enough, and threads have four times as much by default.
const STACK: usize = 512 << 10;
/// Core instances, memories and tables of one component. A component that an interpreter was put in has 38 instances.
pub(super) const MOST_INSTANCES: usize = 64;
/// Entries of all tables of a call together.
pub(super) const MOST_TABLE_ENTRIES: usize = 100_000;

/// What no toolchain needs that makes components for the contract. Some of it would make answers depend on the machine,
/// and all of it is more to attack.
const OFF: WasmFeatures = WasmFeatures::THREADS
    .union(WasmFeatures::SHARED_EVERYTHING_THREADS)
    .union(WasmFeatures::MEMORY64)
    .union(WasmFeatures::GC)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::LEGACY_EXCEPTIONS)
    .union(WasmFeatures::STACK_SWITCHING)
    .union(WasmFeatures::CM_ASYNC)
    .union(WasmFeatures::CM_ASYNC_STACKFUL)
    .union(WasmFeatures::CM_MORE_ASYNC_BUILTINS)
    .union(WasmFeatures::CM_THREADING)
    .union(WasmFeatures::CM_ERROR_CONTEXT)
    .union(WasmFeatures::CM_GC)
    .union(WasmFeatures::CM64);

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
        .wasm_features(OFF, false)
        .wasm_component_model(true);
    config
}

/// Counts the memories and tables of one call, all of them together, and says in words when they are over.
#[derive(Debug)]
pub(super) struct Memory {
    limit: u64,
    used: u64,
    entries: usize,
}

impl Memory {
    pub(super) const fn new(limit: u64) -> Self {
        Self { limit, used: 0, entries: 0 }
    }
}

/// A plugin asked for more than it may have.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum OverLimit {
    /// In KiB.
    #[error("it asked for {asked} KiB of memory, and may have {limit} KiB")]
    Memory { asked: u64, limit: u64 },
    #[error("it asked for tables with {asked} entries, and may have {MOST_TABLE_ENTRIES}")]
    Tables { asked: usize },
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let bytes = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
        let asked = self.used.saturating_add(bytes(desired).saturating_sub(bytes(current)));
        if asked > self.limit {
            // `Ok(false)` would give the plugin a chance to go on without, and end as `unreachable`.
            return Err(Error::new(OverLimit::Memory { asked: asked >> 10, limit: self.limit >> 10 }));
        }
        self.used = asked;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let asked = self.entries.saturating_add(desired.saturating_sub(current));
        if asked > MOST_TABLE_ENTRIES {
            return Err(Error::new(OverLimit::Tables { asked }));
        }
        self.entries = asked;
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

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, ResourceLimiter as _};

    use super::{MOST_TABLE_ENTRIES, Memory, config};

    #[test]
    fn memories_and_tables_are_counted_together() {
        let mut memory = Memory::new(1 << 20);
        assert!(memory.memory_growing(0, 512 << 10, None).unwrap());
        assert!(memory.memory_growing(0, 256 << 10, None).unwrap());
        assert!(memory.memory_growing(512 << 10, 768 << 10, None).unwrap());
        let over = memory.memory_growing(768 << 10, 832 << 10, None).unwrap_err();
        assert_eq!(over.to_string(), "it asked for 1088 KiB of memory, and may have 1024 KiB");
        assert!(memory.table_growing(0, MOST_TABLE_ENTRIES, None).unwrap());
        let over = memory.table_growing(0, 1, None).unwrap_err();
        assert_eq!(over.to_string(), "it asked for tables with 100001 entries, and may have 100000");
        assert!(memory.memory_growing(0, usize::MAX, None).is_err());
    }

    #[test]
    fn what_is_off_is_refused() {
        let engine = Engine::new(&config()).unwrap();
        for module in [
            "(module (memory 1 1 shared))",
            "(module (memory i64 1))",
            "(module (type (struct)))",
            "(module (tag) (func (throw 0)))",
        ] {
            let bytes = wat::parse_str(module).unwrap();
            assert!(wasmtime::Module::validate(&engine, &bytes).is_err(), "{module}");
        }
    }
}
