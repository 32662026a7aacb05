//! Any bytes are a bundle or are refused, soon and without a crash; what is read is packed to the same again.
#![no_main]

use holdpoint::bundle::Bundle;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match Bundle::read(bytes) {
        Ok(bundle) => {
            let again = Bundle::read(&bundle.pack().unwrap()).unwrap();
            assert_eq!(again.files(), bundle.files());
        }
        Err(error) => assert!(!error.message.is_empty() && !error.hint.is_empty()),
    }
});
