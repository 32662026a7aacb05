//! What was fetched, by digest, so that a pinned artifact is fetched once.
//!
//! The folder belongs to the user alone, and that is not relied on: every content is verified each time it is read.

use std::io;
use std::path::PathBuf;

use super::super::digest;
use crate::domain::digest::Digest;
use crate::private;
use crate::source::file;

/// Bytes of a note: a digest.
const LONGEST_NOTE: u64 = 128;

/// A folder of contents, or nothing where there is no place for one.
pub(super) struct Cache(Option<PathBuf>);

impl Cache {
    pub(super) const fn new(folder: Option<PathBuf>) -> Self {
        Self(folder)
    }

    /// The content with this digest, if it is there and still itself.
    pub(super) fn get(&self, wanted: Digest, limit: u64) -> Option<Vec<u8>> {
        let path = self.path(wanted)?;
        let content = match file::read(&path, limit) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a cached content cannot be read; it is fetched again");
                return None;
            }
        };
        if digest(&content) == wanted {
            return Some(content);
        }
        tracing::warn!(path = %path.display(), "a cached content is not what it was; it is fetched again");
        None
    }

    /// Keeps a content. A cache that cannot be written costs time and nothing else.
    pub(super) fn put(&self, digest: Digest, content: &[u8]) {
        let Some(path) = self.path(digest) else { return };
        if let Err(error) = private::write(&path, &[content]) {
            tracing::warn!(path = %path.display(), %error, "what was fetched cannot be kept in the cache");
        }
    }

    /// Notes by which manifest this content was fetched.
    pub(super) fn remember(&self, content: Digest, manifest: Digest) {
        let Some(path) = self.note(content) else { return };
        if let Err(error) = private::write(&path, &[manifest.to_string().as_bytes()]) {
            tracing::warn!(path = %path.display(), %error, "what was fetched cannot be noted in the cache");
        }
    }

    /// The manifest by which this content was fetched last. It names an origin and vouches for nothing.
    pub(super) fn remembered(&self, content: Digest) -> Option<Digest> {
        let note = file::read(&self.note(content)?, LONGEST_NOTE).ok()?;
        std::str::from_utf8(&note).ok()?.parse().ok()
    }

    fn path(&self, digest: Digest) -> Option<PathBuf> {
        self.place("", digest)
    }

    fn note(&self, digest: Digest) -> Option<PathBuf> {
        self.place("manifests/", digest)
    }

    fn place(&self, kind: &str, digest: Digest) -> Option<PathBuf> {
        let name = digest.to_string();
        let (algorithm, hex) = name.split_once(':')?;
        Some(self.0.as_ref()?.join(format!("{kind}{algorithm}")).join(hex))
    }
}

#[cfg(test)]
mod tests {
    use super::{Cache, digest};
    use std::fs;

    #[test]
    fn only_what_is_itself_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().join("new")));
        let wanted = digest(b"content");
        assert_eq!(cache.get(wanted, 100), None);
        cache.put(wanted, b"content");
        assert_eq!(cache.get(wanted, 100).as_deref(), Some(b"content".as_slice()));
        assert_eq!(cache.get(wanted, 6), None, "more than was asked for");
        let path = cache.path(wanted).unwrap();
        fs::write(&path, "poison").unwrap();
        assert_eq!(cache.get(wanted, 100), None);
        cache.put(wanted, b"content");
        assert_eq!(cache.get(wanted, 100).as_deref(), Some(b"content".as_slice()));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no part is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn it_is_the_user_s_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().join("new")));
        cache.put(digest(b"x"), b"x");
        let path = cache.path(digest(b"x")).unwrap();
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
    }

    #[test]
    fn a_note_is_a_digest_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().to_owned()));
        let (content, manifest) = (digest(b"content"), digest(b"manifest"));
        assert_eq!(cache.remembered(content), None);
        cache.remember(content, manifest);
        assert_eq!(cache.remembered(content), Some(manifest));
        for poison in ["", "sha256:0", "\u{0}", &"a".repeat(1000)] {
            fs::write(cache.note(content).unwrap(), poison).unwrap();
            assert_eq!(cache.remembered(content), None, "{poison:?}");
        }
    }

    #[test]
    fn without_a_place_nothing_is_kept() {
        let cache = Cache::new(None);
        cache.put(digest(b"x"), b"x");
        assert_eq!(cache.get(digest(b"x"), 10), None);
    }
}
