//! Gzipped tar archives: read within bounds, written the same each time.

use std::collections::BTreeMap;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use tar::{Archive, Builder, Entry, EntryType, Header};

use super::LARGEST;
use super::path;
use crate::domain::hinted::HintedError;
use crate::source::file::Bounded;

/// Bytes of all files together, unpacked.
const UNPACKED: u64 = 64 << 20;
/// How many times larger than packed a bundle may be. Policies shrink to a fifth; repetition in data to a hundredth.
const RATIO: u64 = 200;
/// What may always be unpacked, however small the archive: a few repeated lines have a high ratio.
const ALWAYS: u64 = 1 << 20;
/// Files and folders.
const ENTRIES: usize = 4000;

/// The files of an archive, by name.
pub(super) fn unpack(packed: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, HintedError> {
    let length = u64::try_from(packed.len()).unwrap_or(u64::MAX);
    if length > LARGEST {
        return Err(too_large());
    }
    let left = UNPACKED.min(length.saturating_mul(RATIO).max(ALWAYS));
    let mut archive = Archive::new(Bounded::new(MultiGzDecoder::new(packed), left));
    let mut files = BTreeMap::new();
    let entries = archive.entries().map_err(|error| unreadable(&error))?;
    for (number, entry) in entries.enumerate() {
        if number >= ENTRIES {
            return Err(HintedError::new(format!("it has more than {ENTRIES} entries"), "split it in several bundles"));
        }
        read_entry(entry.map_err(|error| unreadable(&error))?, &mut files)?;
    }
    // What follows the archive holds its checksum.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|error| unreadable(&error))?;
    Ok(files)
}

fn read_entry(mut entry: Entry<'_, impl Read>, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), HintedError> {
    let name = path::normal(&entry.path_bytes())?;
    match (entry.header().entry_type(), name) {
        // `git archive` states its commit so.
        (EntryType::XGlobalHeader | EntryType::Directory, _) => Ok(()),
        (EntryType::Regular, Some(name)) => {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
            if files.insert(name.clone(), bytes).is_some() {
                let message = format!("its file `{name}` is there twice");
                return Err(HintedError::new(message, "pack it again: a reader could take either"));
            }
            Ok(())
        }
        (_, name) => {
            let name = name.unwrap_or_default();
            let message = format!("its entry `{name}` is a link, a device or another thing that is no file");
            Err(HintedError::new(message, "pack the files themselves"))
        }
    }
}

fn unreadable(error: &io::Error) -> HintedError {
    // The archive's reader wraps what the decoder said.
    if error.kind() == io::ErrorKind::FileTooLarge {
        return too_large();
    }
    HintedError::new(
        format!("it is no whole gzipped tar archive: {error}"),
        "a bundle is what `holdpoint policy bundle` or `opa build` writes",
    )
}

fn too_large() -> HintedError {
    HintedError::new(
        format!(
            "it is larger than a bundle may be: {} MiB packed, {} MiB unpacked, and {RATIO} times its packed size",
            LARGEST >> 20,
            UNPACKED >> 20
        ),
        "split it, or keep tables of data elsewhere",
    )
}

/// The archive of these files: sorted, without times and owners.
pub(super) fn pack(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, HintedError> {
    // No time, no file name, and an operating system that is not told.
    let gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    let mut archive = Builder::new(gzip);
    let failed = |error: io::Error| HintedError::new(format!("it cannot be packed: {error}"), "use shorter names");
    for (name, bytes) in files {
        let mut header = Header::new_gnu();
        header.set_size(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, name, bytes.as_slice()).map_err(failed)?;
    }
    archive.into_inner().and_then(flate2::write::GzEncoder::finish).map_err(failed)
}

#[cfg(test)]
mod tests;
