//! Any text is a configuration or is refused with words.
#![no_main]

use std::path::Path;

use holdpoint::config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = Config::from_text(text, Path::new("holdpoint.yaml")) {
        assert!(!error.to_string().is_empty());
    }
});
