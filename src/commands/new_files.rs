//! Writing a folder of new files, all of them or none.

use std::borrow::Cow;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// A path below the folder, and what goes there. Scripts (`.sh`) can be run.
pub type NewFile<'a> = (String, Cow<'a, str>);

/// Writes the files into the folder, which is made when it is missing. Returns their paths. `again` is the command line
/// that would write to another folder, for hints.
///
/// # Errors
/// When one of the files is there already: then none is written. When one cannot be written: then those that were
/// written are removed again.
pub fn write(directory: &Path, files: &[NewFile<'_>], again: &str) -> anyhow::Result<Vec<PathBuf>> {
    if let Some(file) = directory.ancestors().find(|path| fs::metadata(path).is_ok_and(|found| !found.is_dir())) {
        bail!("`{}` is no folder\nhint: name a folder, or one that is not there yet: `{again}`", file.display());
    }
    refuse_to_overwrite(directory, files, again)?;
    let mut made = Made::default();
    for (name, content) in files {
        let path = directory.join(name);
        if let Err(error) = made.write(&path, content) {
            let left = made.remove();
            let left = if left.is_empty() { "nothing is left behind".to_owned() } else { names(&left) + " stay" };
            return Err(error).with_context(|| format!("cannot write `{}`; {left}", path.display()));
        }
    }
    Ok(made.files)
}

/// A file, a folder or a link in the way, even one that leads nowhere.
fn refuse_to_overwrite(directory: &Path, files: &[NewFile<'_>], again: &str) -> anyhow::Result<()> {
    let paths = files.iter().map(|(name, _)| directory.join(name));
    let existing: Vec<PathBuf> = paths.filter(|path| fs::symlink_metadata(path).is_ok()).collect();
    if !existing.is_empty() {
        bail!(
            "refusing to overwrite {}; move {} away, or name another folder: `{again}`",
            names(&existing),
            if existing.len() == 1 { "it" } else { "them" }
        );
    }
    Ok(())
}

/// The first paths, and how many more.
fn names(paths: &[PathBuf]) -> String {
    const MOST: usize = 5;
    let mut names: Vec<_> = paths.iter().take(MOST).map(|path| format!("`{}`", path.display())).collect();
    if let Some(more @ 1..) = paths.len().checked_sub(MOST) {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// What was made so far, so that it can be undone.
#[derive(Default)]
struct Made {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Made {
    fn write(&mut self, path: &Path, content: &str) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            self.folder(folder)?;
        }
        // Another process may have made the file since the check: it is not overwritten either.
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        if path.extension().is_some_and(|end| end == "sh") {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o777);
        }
        let mut file = options.write(true).create_new(true).open(path)?;
        self.files.push(path.to_owned());
        file.write_all(content.as_bytes())
    }

    fn folder(&mut self, folder: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !is_there(folder)).collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder)?;
            self.folders.push(folder.to_owned());
        }
        Ok(())
    }

    /// Removes everything again, but for folders that others have put something into. Returns the files that stay.
    fn remove(self) -> Vec<PathBuf> {
        let left = self.files.into_iter().filter(|file| fs::remove_file(file).is_err()).collect();
        for folder in self.folders.iter().rev() {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        left
    }
}

/// The empty path is the working directory.
fn is_there(folder: &Path) -> bool {
    folder.as_os_str().is_empty() || folder.exists()
}
