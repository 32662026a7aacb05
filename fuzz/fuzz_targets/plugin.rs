//! Any bytes are a component that can be looked at from outside, or are refused with words.
#![no_main]

use holdpoint::engine::wasm::inspect;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let needs = inspect(bytes).and_then(|inspection| inspection.needs());
    if let Err(fault) = needs {
        assert!(!fault.message.is_empty() && fault.message.len() < 16 << 10, "{fault}");
    }
});
