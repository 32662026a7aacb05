//! Any file is a snapshot or is refused with words.
#![no_main]

use holdpoint::gate::source::{EnvironmentQuery, NoProgress, RecordQuery, RecordSource as _};
use holdpoint::source::snapshot::SnapshotSource;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let query = RecordQuery { environments: vec![EnvironmentQuery::default()], ..RecordQuery::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let source = SnapshotSource::new(file.path().to_owned());
    if let Err(error) = runtime.block_on(source.fetch(&query, &NoProgress)) {
        assert!(!error.message.is_empty());
    }
});
