//! Any text is an artifact reference or is refused.
#![no_main]

use holdpoint::domain::reference::ArtifactReference;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(reference) = text.parse::<ArtifactReference>() {
        assert!(text.ends_with(&reference.digest.to_string()));
    }
});
