//! Finding policy files.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use super::fault::PolicyFault;

/// Bytes of one policy file; the engine refuses more.
const FILE_LIMIT: u64 = 1024 * 1024;
/// Policy files of one configuration.
const COUNT_LIMIT: usize = 2000;
/// Folders within folders.
const DEPTH_LIMIT: usize = 32;

/// A policy's text and the path that messages show.
pub(super) struct PolicyFile {
    pub(super) path: String,
    pub(super) text: String,
}

/// Which files of a folder are read. Hidden ones never are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All but tests (`*_test.rego`): they decide nothing and cost time.
    Policies,
    /// Tests too.
    PoliciesAndTests,
}

/// Reads the policy files of these paths, sorted by path, each once.
///
/// # Errors
/// A path that cannot be read, a folder without policies, too many or too large files.
pub(super) fn read(paths: &[PathBuf], which: Which) -> Result<Vec<PolicyFile>, PolicyFault> {
    let mut found = BTreeSet::new();
    for path in paths {
        let before = found.len();
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if metadata.is_dir() {
            collect(path, 0, which, &mut found)?;
            if found.len() == before && !repeats(path, &found) {
                return Err(fault(
                    path,
                    "policy_none",
                    "has no policies",
                    "a policy is a file that ends in `.rego`; tests end in `_test.rego` and do not count",
                ));
            }
        } else {
            found.insert(normal(path));
        }
    }
    found.iter().map(|path| read_file(path)).collect()
}

/// Whether the folder's policies were found before, through another path of the configuration.
fn repeats(folder: &Path, found: &BTreeSet<PathBuf>) -> bool {
    let folder = normal(folder);
    found.iter().any(|path| path.starts_with(&folder))
}

fn collect(folder: &Path, depth: usize, which: Which, found: &mut BTreeSet<PathBuf>) -> Result<(), PolicyFault> {
    if depth > DEPTH_LIMIT {
        return Err(fault(
            folder,
            "policy_depth",
            "is nested too deeply",
            "look for a link that leads back to its own folder",
        ));
    }
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        let metadata = std::fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
        if metadata.is_dir() {
            collect(&path, depth.saturating_add(1), which, found)?;
        } else if wanted(&name, which) {
            found.insert(normal(&path));
        }
        if found.len() > COUNT_LIMIT {
            return Err(fault(
                folder,
                "policy_count",
                &format!("has more than {COUNT_LIMIT} policy files"),
                "name a smaller folder",
            ));
        }
    }
    Ok(())
}

fn wanted(name: &str, which: Which) -> bool {
    let stem = name.strip_suffix(".rego");
    stem.is_some_and(|stem| which == Which::PoliciesAndTests || !stem.ends_with("_test"))
}

fn read_file(path: &Path) -> Result<PolicyFile, PolicyFault> {
    // Looked at before it is opened: opening a named pipe without a writer never ends.
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(fault(path, "policy_unreadable", "is no regular file", "write the policy to a file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(FILE_LIMIT.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_LIMIT {
        return Err(fault(path, "policy_size", "is larger than 1 MiB", "split it, or move its data out of the policy"));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_error| fault(path, "policy_text", "is not UTF-8 text", "save it as UTF-8"))?;
    // Editors on Windows begin a file with a byte order mark, which the engine takes for a word.
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok(PolicyFile { path: path.display().to_string(), text })
}

/// Removes `.` and resolves `..` by name, so that messages show `policies/x.rego` and not `example/../policies/x.rego`.
fn normal(path: &Path) -> PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let normal: PathBuf = parts.into_iter().collect();
    // A link on the way can make the shorter path another file: then the path stays as it was written.
    if same_file(path, &normal) { normal } else { path.to_owned() }
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn unreadable(path: &Path, error: &std::io::Error) -> PolicyFault {
    fault(path, "policy_unreadable", &format!("cannot be read: {error}"), "check the path and its permissions")
}

fn fault(path: &Path, code: &'static str, what: &str, hint: &str) -> PolicyFault {
    PolicyFault::at(&path.display().to_string(), (0, 0), code, what, hint)
}
