//! What compiled code is known by: the component, and everything that decides what the compiler makes of it.

use std::env::consts::{ARCH, OS};
use std::fmt;
use std::hash::{Hash as _, Hasher};

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;

use crate::domain::digest::Digest;

/// The name of compiled code: `<component>/<architecture>-<system>-<settings>.cwasm`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    component: Digest,
    pub(super) settings: String,
}

impl Key {
    pub(super) fn new(engine: &Engine, component: Digest) -> Self {
        Self { component, settings: settings(engine) }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let component = self.component.to_string();
        let hex = component.split_once(':').map_or(component.as_str(), |(_, hex)| hex);
        write!(formatter, "{hex}/{ARCH}-{OS}-{}.cwasm", self.settings)
    }
}

/// Of the engine's version, what the processor can do, and every setting that changes code: 16 hex digits.
pub(super) fn settings(engine: &Engine) -> String {
    let mut hash = Sha(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hash);
    format!("{:016x}", hash.finish())
}

/// A hash that stays the same from one build of holdpoint to the next, as that of the standard library need not.
struct Sha(Sha256);

impl Hasher for Sha {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest: [u8; 32] = self.0.clone().finalize().into();
        digest.first_chunk().copied().map(u64::from_be_bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::settings;
    use crate::engine::wasm::{Allocation, limits};
    use wasmtime::{Config, Engine, ModuleVersionStrategy, OptLevel};

    #[test]
    fn where_memory_comes_from_changes_no_code() {
        let of = |allocation: Allocation, memory: u64| {
            let mut config = limits::config();
            allocation.apply(&mut config, memory);
            settings(&Engine::new(&config).unwrap())
        };
        // As the child process compiles.
        let compiled = settings(&Engine::new(&limits::config()).unwrap());
        for (allocation, memory) in [
            (Allocation::OnDemand, 64 << 20),
            (Allocation::Pooling { calls: 1 }, 1 << 20),
            (Allocation::Pooling { calls: 16 }, 64 << 20),
            (Allocation::Pooling { calls: 2 }, 4 << 30),
        ] {
            assert_eq!(of(allocation, memory), compiled, "{allocation:?} {memory}");
        }
    }

    #[test]
    fn whatever_changes_code_changes_the_key() {
        let of = |change: &dyn Fn(&mut Config)| {
            let mut config = limits::config();
            change(&mut config);
            settings(&Engine::new(&config).unwrap())
        };
        let same = of(&|_| {});
        assert_eq!(same, of(&|_| {}));
        let changes: [&dyn Fn(&mut Config); 5] = [
            &|config| _ = config.module_version(ModuleVersionStrategy::Custom("49.0.0".to_owned())).unwrap(),
            &|config| _ = config.epoch_interruption(false),
            &|config| _ = config.cranelift_opt_level(OptLevel::None),
            &|config| _ = config.cranelift_nan_canonicalization(false),
            &|config| _ = config.consume_fuel(true),
        ];
        for (position, change) in changes.into_iter().enumerate() {
            assert_ne!(of(change), same, "change {position}");
        }
    }
}
