//! A folder for what is needed during a build only.

use std::fs::{self, DirBuilder};
use std::path::{Path, PathBuf};

use crate::domain::hinted::HintedError;

use super::{Project, unreadable};

/// A new folder that nobody else can read, removed in the end.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes one.
    ///
    /// # Errors
    /// When the folder of temporary files cannot be written.
    pub(super) fn new() -> Result<Self, HintedError> {
        let path = std::env::temp_dir().join(format!("holdpoint-build-{:016x}", fastrand::u64(..)));
        // One that is there already is somebody else's.
        builder().create(&path).map_err(|error| unreadable(&path, &error))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The folder with the WIT to build against: the project's own, or the contract.
    ///
    /// # Errors
    /// When the contract cannot be written.
    pub(super) fn wit(&self, project: &Project<'_>) -> Result<PathBuf, HintedError> {
        let own = project.folder.join("wit");
        if own.is_dir() {
            return Ok(own);
        }
        let folder = self.0.join("wit");
        let written = fs::create_dir(&folder).and_then(|()| fs::write(folder.join("plugin.wit"), project.contract));
        written.map_err(|error| unreadable(&folder, &error))?;
        Ok(folder)
    }
}

/// Makes folders that nobody else can read, where the system has modes.
#[cfg(unix)]
fn builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(not(unix))]
fn builder() -> DirBuilder {
    DirBuilder::new()
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind is in the folder that the system empties.
        drop(fs::remove_dir_all(&self.0));
    }
}
