//! Writing results.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// Writes to standard output. A reader that went away is no error: the exit code still tells the verdict.
///
/// # Errors
/// When standard output cannot be written for another reason.
pub fn to_stdout(text: &str) -> anyhow::Result<()> {
    quiet(&mut io::stdout().lock(), text.as_bytes()).context("standard output cannot be written")
}

/// Writes to standard error what would be in the way on standard output.
///
/// # Errors
/// When standard error cannot be written.
pub fn to_stderr(text: &str) -> anyhow::Result<()> {
    quiet(&mut io::stderr().lock(), text.as_bytes()).context("standard error cannot be written")
}

/// Writes a file as a whole: readers see the old one or the new one, never a part.
///
/// # Errors
/// Those of [`Destination::find`] and [`Destination::write`].
pub fn to_file(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    Destination::find(path)?.write(text)
}

/// Where `--output` leads, looked at before the work begins.
#[derive(Debug)]
pub struct Destination {
    /// As it was given, for messages.
    shown: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Stdout,
    Stderr,
    /// A character device: there is nothing to replace.
    Device(PathBuf),
    /// A file, there already (then with these permissions) or not.
    File(PathBuf, Option<Permissions>),
    /// A file that keeps what it holds.
    Appended(PathBuf),
}

impl Destination {
    /// Finds out whether a result can be written to this path, and follows links. Nothing is left behind.
    ///
    /// # Errors
    /// When the path is `-`, a folder, a named pipe, a socket, a link that leads nowhere or a file that may not be
    /// written, or when its folder is missing or cannot be written.
    pub fn find(path: &Path) -> anyhow::Result<Self> {
        let kind = kind(path).with_context(|| cannot(path))?;
        if let Kind::File(path, _) = &kind {
            try_beside(path)?;
        }
        Ok(Self { shown: path.to_owned(), kind })
    }

    /// The same for lines that are added to what a file holds.
    ///
    /// # Errors
    /// Those of [`Self::find`], but that the folder of a file that is there need not be writable.
    pub fn find_to_append(path: &Path) -> anyhow::Result<Self> {
        let kind = match kind(path).with_context(|| cannot(path))? {
            Kind::File(path, permissions) => {
                if permissions.is_none() {
                    try_beside(&path)?;
                }
                Kind::Appended(path)
            }
            other => other,
        };
        Ok(Self { shown: path.to_owned(), kind })
    }

    /// Whether both lead to one file.
    #[must_use]
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.file().is_some_and(|file| other.file().is_some_and(|other| other == file))
    }

    /// The file's place without links.
    fn file(&self) -> Option<PathBuf> {
        let (Kind::File(path, _) | Kind::Appended(path)) = &self.kind else { return None };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    }

    /// Writes the result: a file as a whole, with the permissions of the one it replaces.
    ///
    /// # Errors
    /// When it cannot be written. Then a file that would be replaced is as it was.
    pub fn write(&self, text: &[u8]) -> anyhow::Result<()> {
        let written = match &self.kind {
            Kind::Stdout => quiet(&mut io::stdout().lock(), text),
            Kind::Stderr => quiet(&mut io::stderr().lock(), text),
            Kind::Device(path) => OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(text)),
            Kind::File(path, permissions) => replace(path, &part(path)?, permissions.as_ref(), text),
            Kind::Appended(path) => append(path, text),
        };
        written.with_context(|| cannot(&self.shown))
    }
}

fn cannot(path: &Path) -> String {
    format!("`{}` cannot be written", path.display())
}

fn kind(path: &Path) -> anyhow::Result<Kind> {
    // By their names: what they lead to may be a pipe, which is open already.
    match path.to_str() {
        Some("-") => bail!("`-` is no file\nhint: leave `--output` out to write to standard output"),
        Some("/dev/stdout") => return Ok(Kind::Stdout),
        Some("/dev/stderr") => return Ok(Kind::Stderr),
        _ => {}
    }
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound && is_link => {
            bail!("it is a link that leads nowhere\nhint: remove it, or name another file")
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return new_file(path),
        Err(error) => return Err(error.into()),
    };
    if metadata.is_dir() {
        bail!("it is a folder\nhint: name a file in it");
    }
    let is_device = is_character_device(&metadata);
    if !is_device && !metadata.is_file() {
        bail!("it is no regular file\nhint: write to standard output and redirect that");
    }
    // Replacing a file needs no permission to write it, but whoever took that permission away meant it.
    OpenOptions::new().write(true).open(path)?;
    if is_device {
        return Ok(Kind::Device(path.to_owned()));
    }
    if metadata.permissions().readonly() {
        bail!("it may not be written\nhint: change its permissions, or name another file");
    }
    let target = if is_link { fs::canonicalize(path)? } else { path.to_owned() };
    Ok(Kind::File(target, Some(metadata.permissions())))
}

fn new_file(path: &Path) -> anyhow::Result<Kind> {
    if path.as_os_str().as_encoded_bytes().last().is_some_and(|last| std::path::is_separator(char::from(*last))) {
        bail!("it names a folder\nhint: name a file in it");
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    if !folder.as_os_str().is_empty() && !folder.is_dir() {
        bail!("there is no folder `{}`\nhint: create it first", folder.display());
    }
    Ok(Kind::File(path.to_owned(), None))
}

#[cfg(unix)]
fn is_character_device(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    metadata.file_type().is_char_device()
}

#[cfg(not(unix))]
fn is_character_device(_metadata: &fs::Metadata) -> bool {
    false
}

/// Tries whether a file can be made beside this one. It is not kept until the result is there: a run that is cancelled
/// would leave it behind.
fn try_beside(path: &Path) -> anyhow::Result<()> {
    let part = part(path)?;
    create(&part).and_then(|_part| fs::remove_file(&part)).with_context(|| cannot(path))
}

/// The file beside it that becomes it.
fn part(path: &Path) -> anyhow::Result<PathBuf> {
    let mut name = path.file_name().context("it names no file")?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    Ok(path.with_file_name(name))
}

/// A new file: never one that another put there, nor what a link leads to.
fn create(part: &Path) -> io::Result<File> {
    let new = || OpenOptions::new().write(true).create_new(true).open(part);
    match new() {
        // Of an earlier run that was killed, with the same process id.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => fs::remove_file(part).and_then(|()| new()),
        created => created,
    }
}

fn replace(path: &Path, part: &Path, permissions: Option<&Permissions>, text: &[u8]) -> io::Result<()> {
    let mut file = create(part)?;
    let permit = permissions.map_or(Ok(()), |permissions| file.set_permissions(permissions.clone()));
    let written = permit.and_then(|()| file.write_all(text)).and_then(|()| fs::rename(part, path));
    if written.is_err() {
        // Leaving the part behind is the lesser harm when it cannot be removed either.
        drop(fs::remove_file(part));
    }
    written
}

/// Adds whole lines: what the file holds may end without a line break.
fn append(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let gap: &[u8] = if last == [b'\n'] { b"" } else { b"\n" };
    file.write_all(&[gap, text].concat())
}

/// Writes to a stream. A reader that went away is no error.
fn quiet(stream: &mut impl io::Write, text: &[u8]) -> io::Result<()> {
    match stream.write_all(text).and_then(|()| stream.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "clippy takes only functions marked as tests for tests")]
mod tests {
    use super::{Destination, to_file};
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn refusal(path: &Path) -> String {
        format!("{:#}", Destination::find(path).unwrap_err())
    }

    #[test]
    fn a_link_stays_and_its_target_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, Permissions::from_mode(0o640)).unwrap();
        symlink("target", &link).unwrap();
        to_file(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!((fs::read_to_string(&target).unwrap().as_str(), mode(&target)), ("new", 0o640));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no part is left behind");
    }

    #[test]
    fn what_cannot_be_written_is_refused_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (closed, nowhere) = (folder.path().join("closed"), folder.path().join("nowhere"));
        fs::write(&closed, "old").unwrap();
        fs::set_permissions(&closed, Permissions::from_mode(0o444)).unwrap();
        symlink("missing", &nowhere).unwrap();
        assert!(refusal(&closed).contains("cannot be written"), "{}", refusal(&closed));
        assert!(refusal(&nowhere).contains("it is a link that leads nowhere"));
        assert!(refusal(folder.path()).contains("it is a folder"));
        assert!(refusal(&folder.path().join("no/such")).contains("there is no folder"));
        assert!(refusal(&folder.path().join("new/")).contains("it names a folder"));
        assert!(refusal(Path::new("-")).contains("`-` is no file"));
        assert_eq!(fs::read_to_string(&closed).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn lines_are_added_to_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let destination = Destination::find_to_append(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        for (before, after) in [("", "a=1\n"), ("b=2", "b=2\na=1\n"), ("b=2\n", "b=2\na=1\n")] {
            fs::write(&path, before).unwrap();
            destination.write(b"a=1\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
        }
        symlink("lines", folder.path().join("link")).unwrap();
        let link = Destination::find(&folder.path().join("link")).unwrap();
        assert!(link.is_same_file(&destination) && destination.is_same_file(&link));
        assert!(!destination.is_same_file(&Destination::find(&folder.path().join("other")).unwrap()));
        assert!(Destination::find_to_append(&folder.path().join("no/such")).is_err());
    }

    #[test]
    fn looking_leaves_nothing_behind_and_devices_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        let destination = Destination::find(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        // A link in the way of the part is not followed.
        let part = folder.path().join(format!("new.{}.part", std::process::id()));
        symlink("elsewhere", &part).unwrap();
        destination.write(b"text").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        to_file(Path::new("/dev/null"), b"text").unwrap();
    }
}
