//! Reading files that somebody else names: only regular ones, and only so much of them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Opens a regular file. Opening a pipe would wait for a writer, and a device may never end.
///
/// # Errors
/// Those of the file system, `IsADirectory`, and `InvalidInput` for anything else that is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    check(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    // It may have been replaced meanwhile.
    check(&file.metadata()?)?;
    Ok(file)
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// Those of [`open`], and `FileTooLarge`.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        return Ok(bytes);
    }
    Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {limit} bytes")))
}

/// Reads at most so many bytes; the next one is an error, so that a cut file never looks whole.
pub struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R> Bounded<R> {
    /// A reader of the first `limit` bytes; beyond them it fails with `FileTooLarge`.
    pub const fn new(inner: R, limit: u64) -> Self {
        Self { inner, left: limit }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let length = u64::try_from(read).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(length).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

fn check(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if metadata.is_file() { Ok(()) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")) }
}
