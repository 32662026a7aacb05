//! Any text is a configuration or is refused with words.
#![no_main]

use std::path::Path;

use holdpoint::config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Config::from_text(text, Path::new("holdpoint.yaml")) {
        Ok(config) => {
            let mut named = config.admission.iter().flat_map(|admission| admission.environments());
            assert!(named.all(|name| config.environments.get(name).is_some()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
