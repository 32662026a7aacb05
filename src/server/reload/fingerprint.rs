//! Whether files changed, without reading them.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

/// Files that are looked at; policies have far fewer.
const MOST_FILES: usize = 10_000;
/// Folders in folders.
const DEEPEST: usize = 32;

/// A number that differs when one of these files, or one in these folders, has another name, size or time. `None` when
/// there are too many to tell.
#[must_use]
pub fn fingerprint(paths: &[PathBuf]) -> Option<u64> {
    let mut looker = Looker { hash: DefaultHasher::new(), left: MOST_FILES };
    for path in paths {
        looker.look(path, DEEPEST)?;
    }
    Some(looker.hash.finish())
}

struct Looker {
    hash: DefaultHasher,
    left: usize,
}

impl Looker {
    fn look(&mut self, path: &Path, depth: usize) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        path.hash(&mut self.hash);
        // Links are followed: behind one, kubelet swaps whole folders.
        let Ok(metadata) = fs::metadata(path) else {
            return Some(());
        };
        metadata.len().hash(&mut self.hash);
        metadata.modified().ok().hash(&mut self.hash);
        if !metadata.is_dir() {
            return Some(());
        }
        let depth = depth.checked_sub(1)?;
        let mut entries: Vec<PathBuf> = fs::read_dir(path).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        entries.sort();
        entries.iter().try_for_each(|entry| self.look(entry, depth))
    }
}

#[cfg(test)]
mod tests {
    use super::fingerprint;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn every_change_is_seen_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (policies, configuration) = (folder.path().join("policies"), folder.path().join("holdpoint.yaml"));
        fs::create_dir_all(policies.join("a")).unwrap();
        fs::write(&configuration, "version: 1").unwrap();
        let paths = [configuration.clone(), policies.clone()];
        let mut before = fingerprint(&paths);
        assert!(before.is_some());
        assert_eq!(before, fingerprint(&paths));
        let mut changed = |what: &str| {
            let now = fingerprint(&paths);
            assert_ne!(now, before, "{what}");
            before = now;
        };
        fs::write(policies.join("a/one.rego"), "package a").unwrap();
        changed("a new file");
        fs::write(policies.join("a/one.rego"), "package aa").unwrap();
        changed("another size");
        fs::rename(policies.join("a/one.rego"), policies.join("a/two.rego")).unwrap();
        changed("another name");
        fs::remove_file(&configuration).unwrap();
        changed("a file that is gone");
        fs::write(folder.path().join("other.yaml"), "version: 2").unwrap();
        symlink(folder.path().join("other.yaml"), &configuration).unwrap();
        changed("a link in its place");
    }

    #[test]
    fn a_folder_in_itself_ends() {
        let folder = tempfile::tempdir().unwrap();
        symlink(folder.path(), folder.path().join("again")).unwrap();
        assert_eq!(fingerprint(&[folder.path().to_owned()]), None);
    }
}
