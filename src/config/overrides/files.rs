//! Finding and reading the files of overrides.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::super::error::Problem;
use super::super::located::Place;
use crate::domain::overrides::OverrideNotice;

/// The largest file that is read, in bytes.
const LARGEST_FILE: u64 = 256 * 1024;
/// Entries looked at in all folders together.
const MOST_ENTRIES: usize = 1000;
/// Folders within folders.
const DEEPEST: usize = 8;

/// The files of these places, each once, in the order of the places and by name within a folder. Hidden files are left
/// out: a mounted Kubernetes volume keeps its earlier states in them.
pub(super) fn find(paths: &[PathBuf], faults: &mut Vec<OverrideNotice>) -> Vec<PathBuf> {
    let mut search = Search { seen: BTreeSet::new(), left: MOST_ENTRIES, found: Vec::new(), faults };
    for path in paths {
        search.add(path, true, 0);
    }
    search.found
}

struct Search<'a> {
    /// Files and folders as they are without links, so that none is read twice.
    seen: BTreeSet<PathBuf>,
    left: usize,
    found: Vec<PathBuf>,
    faults: &'a mut Vec<OverrideNotice>,
}

impl Search<'_> {
    /// A named file counts whatever it is called; one in a folder only by its ending.
    fn add(&mut self, path: &Path, named: bool, depth: usize) {
        let (whole, metadata) = match path.canonicalize().and_then(|whole| Ok((whole, std::fs::metadata(path)?))) {
            Ok(found) => found,
            Err(error) => {
                return self.fault(path, &format!("cannot be read: {error}"), "check the path and who may read it");
            }
        };
        if metadata.is_dir() {
            if !self.seen.insert(whole) {
                return;
            }
            if depth >= DEEPEST {
                return self.fault(path, "is nested too deeply", "put overrides in a folder further up");
            }
            self.add_folder(path, depth);
        } else if (named || is_override(path)) && self.seen.insert(whole) {
            self.found.push(path.to_owned());
        }
    }

    fn add_folder(&mut self, folder: &Path, depth: usize) {
        let entries: std::io::Result<Vec<PathBuf>> = std::fs::read_dir(folder)
            .and_then(|entries| entries.take(MOST_ENTRIES + 1).map(|entry| Ok(entry?.path())).collect());
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.fault(folder, &format!("cannot be read: {error}"), "check who may read it"),
        };
        entries.sort();
        for path in entries {
            let Some(left) = self.left.checked_sub(1) else {
                let what = format!("is left out from here on: there are more than {MOST_ENTRIES} files");
                return self.fault(&path, &what, "remove overrides that have ended");
            };
            self.left = left;
            let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
            if !hidden {
                self.add(&path, false, depth + 1);
            }
        }
    }

    fn fault(&mut self, path: &Path, what: &str, hint: &str) {
        let problem = Problem::new(Place::START, format!("`{}` {what}", path.display())).hint(hint);
        self.faults.push(super::notice("override_unreadable", path, problem));
    }
}

fn is_override(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known))
}

/// The text of one file.
///
/// # Errors
/// When it is no regular file, is too large, cannot be read or is no UTF-8 text.
pub(super) fn text(path: &Path) -> Result<String, Problem> {
    let problem = |message: String, hint: &str| Problem::new(Place::START, message).hint(hint);
    let unreadable =
        |error: std::io::Error| problem(format!("the file cannot be read: {error}"), "check who may read it");
    // Looked at before it is opened: opening a named pipe without a writer never ends.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(problem("it is no regular file".to_owned(), "write the override to a file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST_FILE) {
        return Err(problem("the file is larger than 256 KiB".to_owned(), "is this an override, and not records?"));
    }
    let text = String::from_utf8(bytes);
    text.map_err(|_error| problem("the file is not UTF-8 text".to_owned(), "save it in the encoding UTF-8"))
}
