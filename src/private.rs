//! Folders and files that belong to the user alone: what is kept there is used later without asking again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::source::file;

/// Creates a folder, and those above it that are missing, for the user alone.
///
/// # Errors
/// Those of the file system.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a file as a whole or not at all: another process may read it, or write the same, at the same time.
///
/// Nothing waits for the disk: whoever reads it notices what a machine that lost its power left behind.
///
/// # Errors
/// Those of the file system. Then a file is as it was.
pub fn write(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    replace(path, |mut file| parts.iter().try_for_each(|part| file.write_all(part)))
}

/// Writes a file like [`write()`], and waits until it is on the disk.
///
/// # Errors
/// Those of the file system. Then a file is as it was, or as it is meant to be.
pub fn write_durably(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    replace(path, |mut file| {
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.sync_all()
    })?;
    // The new name is on the disk when the folder is.
    #[cfg(unix)]
    File::open(folder_of(path)?)?.sync_all()?;
    Ok(())
}

fn replace(path: &Path, fill: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    create_folder(folder_of(path)?)?;
    let part = path.with_extension(format!("{}.part", uuid::Uuid::new_v4()));
    let written = create(&part).and_then(|file| fill(&file)).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // Leaving the part behind is the lesser harm when it cannot be removed either.
        drop(fs::remove_file(&part));
    }
    written
}

fn folder_of(path: &Path) -> io::Result<&Path> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}

/// Creates a file that was not there.
///
/// # Errors
/// Those of the file system, `AlreadyExists` among them.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Checks that nobody else can have written a file or folder.
///
/// # Errors
/// Why somebody else can, in words that continue "it".
#[cfg(unix)]
pub fn check(metadata: &fs::Metadata) -> Result<(), &'static str> {
    use std::os::unix::fs::MetadataExt as _;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err("belongs to another user");
    }
    if metadata.mode() & 0o022 == 0 { Ok(()) } else { Err("can be written by other users") }
}

/// Checks that nobody else can have written a file or folder. Here the system keeps users' folders apart.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn check(_metadata: &fs::Metadata) -> Result<(), &'static str> {
    Ok(())
}

/// Reads a file that nobody else can have written.
///
/// # Errors
/// Those of the file system, `PermissionDenied` when somebody else could, and `FileTooLarge`.
pub fn read(path: &Path, limit: u64) -> io::Result<(File, Vec<u8>)> {
    let file = file::open(path)?;
    let metadata = file.metadata()?;
    // The open file, and not what its path leads to now: that may be another.
    check(&metadata).map_err(|why| io::Error::new(io::ErrorKind::PermissionDenied, format!("it {why}")))?;
    let length = usize::try_from(metadata.len().min(limit)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(length);
    (&file).take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        return Ok((file, bytes));
    }
    Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {limit} bytes")))
}
