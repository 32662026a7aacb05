//! The file of what is remembered.
//!
//! Text: a line with the format and its version, a line with the digest of the rest, and a line for each allow, with its
//! second since 1970 and its key. It holds no names.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::Key;
use super::memory::{Entry, Memory};
use crate::domain::digest::Digest;
use crate::private;

const FORMAT: &str = "holdpoint readmissions 1";
/// Room for more lines than are ever written.
const LARGEST: u64 = 16 << 20;

/// Why a file cannot be used.
#[derive(Debug, Error)]
enum Unusable {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("it is no file of allows of this version")]
    Foreign,
    #[error("it is not as it was written")]
    Damaged,
}

/// What the file has; nothing when there is none or it cannot be used.
pub(super) fn load(path: &Path) -> Memory {
    match read(path) {
        Ok(memory) => memory,
        Err(Unusable::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => Memory::default(),
        Err(error) => {
            let (path, reason) = (path.display(), error.to_string());
            tracing::warn!(%path, reason, "what was allowed before is not known, and the file is written anew");
            Memory::default()
        }
    }
}

fn read(path: &Path) -> Result<Memory, Unusable> {
    let (_file, bytes) = private::read(path, LARGEST)?;
    from_text(&bytes)
}

fn from_text(bytes: &[u8]) -> Result<Memory, Unusable> {
    let text = std::str::from_utf8(bytes).map_err(|_error| Unusable::Foreign)?;
    let (format, rest) = text.split_once('\n').ok_or(Unusable::Foreign)?;
    if format != FORMAT {
        return Err(Unusable::Foreign);
    }
    let (digest, lines) = rest.split_once('\n').ok_or(Unusable::Damaged)?;
    if digest.parse() != Ok(digest_of(lines)) {
        return Err(Unusable::Damaged);
    }
    lines.lines().map(|line| entry(line).ok_or(Unusable::Damaged)).collect()
}

fn entry(line: &str) -> Option<Entry> {
    let (second, key) = line.split_once(' ')?;
    Some((Key(key.parse().ok()?), second.parse().ok()?))
}

/// The file with these entries.
pub(super) fn to_text(entries: &[Entry]) -> Vec<u8> {
    let mut lines = String::with_capacity(entries.len().saturating_mul(84));
    for (Key(key), second) in entries {
        // Writing to a text cannot fail.
        let _written = writeln!(lines, "{second} {key}");
    }
    format!("{FORMAT}\n{}\n{lines}", digest_of(&lines)).into_bytes()
}

fn digest_of(lines: &str) -> Digest {
    Digest::from_bytes(Sha256::digest(lines).into())
}

#[cfg(test)]
mod tests;
