//! Any text is a policy or is refused, soon and without a crash.
#![no_main]

use std::collections::BTreeSet;
use std::time::Duration;

use holdpoint::engine::rego::{Limits, RegoEngine};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { rule: Duration::from_millis(100), evaluation: Duration::from_secs(1) };

fuzz_target!(|text: &str| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.rego");
    std::fs::write(&path, text).unwrap();
    if let Err(error) = RegoEngine::load(&[path], &[], BTreeSet::new(), LIMITS) {
        assert!(!error.to_string().is_empty());
    }
});
