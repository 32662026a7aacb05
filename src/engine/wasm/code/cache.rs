//! Compiled code on disk.
//!
//! Code that is run is trusted like the program itself, and the engine does not notice when it was changed. So a file is
//! used only when nobody but the user can have written it, and when it has the digest that it was written with. The
//! digest stands in front of the code, in one file, and covers the name: neither a torn file nor one under another name
//! is taken for what it is not.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::key::Key;
use crate::private;

/// Bytes of digest before the code.
const DIGEST: usize = 32;
/// The most files, and the most bytes of all together; what was not used for the longest time goes first.
const MOST_FILES: usize = 128;
const MOST_BYTES: u64 = 512 << 20;
/// The largest file, in bytes.
pub(super) const LARGEST: u64 = 256 << 20;

/// A folder of compiled code, or nothing where there is no place for one.
#[derive(Clone, Debug)]
pub(super) struct Cache(pub(super) Option<PathBuf>);

/// Code as it was written.
pub(super) struct Intact(Vec<u8>);

impl Intact {
    pub(super) fn code(&self) -> &[u8] {
        self.0.get(DIGEST..).unwrap_or_default()
    }
}

impl Cache {
    /// The code of this name, if it is there and still itself.
    pub(super) fn get(&self, key: &Key) -> Option<Intact> {
        let folder = self.0.as_ref()?;
        let path = folder.join(key.to_string());
        let (file, bytes) = match usable(folder).and_then(|()| private::read(&path, LARGEST)) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "compiled code of a plugin cannot be used; it is compiled again");
                return None;
            }
        };
        let Some((digest, code)) = bytes.split_first_chunk::<DIGEST>() else {
            self.discard(key);
            return None;
        };
        if *digest != digest_of(key, code) {
            self.discard(key);
            return None;
        }
        mark_used(&file);
        Some(Intact(bytes))
    }

    /// Removes what turned out to be damaged.
    pub(super) fn discard(&self, key: &Key) {
        let Some(folder) = &self.0 else { return };
        let path = folder.join(key.to_string());
        tracing::warn!(path = %path.display(), "compiled code of a plugin is damaged; it is compiled again");
        // It is written over when it cannot be removed.
        drop(fs::remove_file(path));
    }

    /// Keeps code. A cache that cannot be written costs time and nothing else.
    pub(super) fn put(&self, key: &Key, code: &[u8]) {
        let Some(folder) = &self.0 else { return };
        let written = private::create_folder(folder)
            .and_then(|()| usable(folder))
            .and_then(|()| private::write(&folder.join(key.to_string()), &[&digest_of(key, code), code]))
            .and_then(|()| prune(folder));
        if let Err(error) = written {
            tracing::warn!(folder = %folder.display(), %error, "compiled code of a plugin cannot be kept in the cache");
        }
    }
}

/// Checks that nobody else can put files there.
fn usable(folder: &Path) -> io::Result<()> {
    let why = |why| io::Error::new(io::ErrorKind::PermissionDenied, format!("the folder of the cache {why}"));
    private::check(&fs::metadata(folder)?).map_err(why)
}

fn digest_of(key: &Key, code: &[u8]) -> [u8; DIGEST] {
    Sha256::new().chain_update(key.to_string()).chain_update(b"\n").chain_update(code).finalize().into()
}

/// Files are removed by when they were used last, as far as that can be told without the clock.
#[cfg(unix)]
fn mark_used(file: &File) {
    use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens};
    let at = |nanoseconds| Timespec { tv_sec: 0, tv_nsec: nanoseconds };
    let times = Timestamps { last_access: at(UTIME_OMIT), last_modification: at(UTIME_NOW) };
    if let Err(error) = futimens(file, &times) {
        // A cache that cannot be written is read all the same.
        tracing::debug!(%error, "when compiled code was used cannot be marked");
    }
}

#[cfg(not(unix))]
fn mark_used(_file: &File) {}

/// Removes files until the rest is within bounds. The newest, which was just written, stays.
fn prune(folder: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    for component in fs::read_dir(folder)? {
        let Ok(entries) = fs::read_dir(component?.path()) else { continue };
        for entry in entries {
            let entry = entry?;
            let is_ours = entry.path().extension().is_some_and(|extension| extension == "cwasm" || extension == "part");
            // Another process may have removed it meanwhile.
            if let (true, Ok(metadata)) = (is_ours, entry.metadata()) {
                files.push((metadata.modified()?, metadata.len(), entry.path()));
            }
        }
    }
    files.sort_unstable_by(|one, other| other.cmp(one));
    let mut bytes = 0;
    for (position, (_, length, path)) in files.iter().enumerate() {
        bytes += length;
        if position > 0 && (position >= MOST_FILES || bytes > MOST_BYTES) {
            drop(fs::remove_file(path));
            // Not when others are in there.
            drop(path.parent().map(fs::remove_dir));
        }
    }
    Ok(())
}
