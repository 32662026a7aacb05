//! Writing results.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;

/// Writes to standard output. A reader that went away is no error: the exit code still tells the verdict.
///
/// # Errors
/// When standard output cannot be written for another reason.
pub fn to_stdout(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("standard output cannot be written"),
        _ => Ok(()),
    }
}

/// Writes a file as a whole: readers see the old one or the new one, never a part.
///
/// # Errors
/// When the file or its folder cannot be written.
pub fn to_file(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    let cannot = || format!("`{}` cannot be written", path.display());
    let is_special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
    if is_special {
        // Such as `/dev/stdout` or a pipe: there is nothing to replace.
        return fs::write(path, text).with_context(cannot);
    }
    let mut name = path.file_name().with_context(|| format!("`{}` names no file", path.display()))?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = fs::write(&part, text).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // Leaving the part behind is the lesser harm when it cannot be removed either.
        drop(fs::remove_file(&part));
    }
    written.with_context(cannot)
}
