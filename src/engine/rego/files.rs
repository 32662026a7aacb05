//! Finding policy files and the data beside them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use crate::domain::policy::{DataText, RegoVersion};

use super::fault::PolicyFault;
use super::misplaced;

/// Bytes of one policy file; the engine refuses more.
const FILE_LIMIT: u64 = 1024 * 1024;
/// Bytes of one data document.
const DATA_LIMIT: u64 = 16 * 1024 * 1024;
/// Policy files of one configuration, and data documents.
const COUNT_LIMIT: usize = 2000;
/// Folders within folders.
const DEPTH_LIMIT: usize = 32;
/// Folders looked into: links that fork again and again lead to one folder by endless paths.
const FOLDER_LIMIT: usize = 20_000;

/// A policy's text and the path that messages show.
#[derive(Clone)]
pub(super) struct PolicyFile {
    pub(super) path: String,
    pub(super) text: String,
    /// Its language, where a bundle says so.
    pub(super) version: Option<RegoVersion>,
}

/// Which files of folders are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Without tests (`*_test.rego`): they cost time, and one that decides is refused.
    Policies,
    /// Tests too.
    PoliciesAndTests,
}

/// Policies and data, each sorted by path.
pub(super) struct Files {
    pub(super) policies: Vec<PolicyFile>,
    pub(super) data: Vec<DataText>,
}

/// What was found, by the path without links: one file through two paths is one.
#[derive(Default)]
struct Found {
    /// With the path that messages show.
    policies: BTreeMap<PathBuf, PathBuf>,
    /// With its place below `data`: a document that is there twice by a link has two.
    data: BTreeMap<(PathBuf, Vec<String>), PathBuf>,
    folders: usize,
}

impl Found {
    fn count(&self) -> usize {
        self.policies.len().saturating_add(self.data.len())
    }

    fn add_policy(&mut self, path: &Path) {
        shortest(self.policies.entry(whole(path)), normal(path));
    }

    fn add_data(&mut self, path: &Path, mount: &[String]) {
        shortest(self.data.entry((whole(path), mount.to_vec())), normal(path));
    }

    /// Whether the folder's files were found before, through another path of the configuration.
    fn repeats(&self, folder: &Path) -> bool {
        let folder = whole(folder);
        self.policies.keys().chain(self.data.keys().map(|(path, _)| path)).any(|path| path.starts_with(&folder))
    }
}

/// Of two paths to one file the same is shown each time, whichever the folder lists first.
fn shortest<K: Ord>(entry: Entry<'_, K, PathBuf>, path: PathBuf) {
    let known = entry.or_insert_with(|| path.clone());
    if (path.as_os_str().len(), &path) < (known.as_os_str().len(), &*known) {
        *known = path;
    }
}

/// Reads the policy files of these paths, sorted by path, each once, and the data documents in folders. Hidden files in
/// folders are left out.
///
/// # Errors
/// A path that cannot be read, a folder without policies, too many or too large files.
pub(super) fn read(paths: &[PathBuf], which: Which) -> Result<Files, PolicyFault> {
    let mut found = Found::default();
    for path in paths {
        let before = found.count();
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if metadata.is_dir() {
            collect(path, which, &mut Vec::new(), &mut found)?;
            if found.count() == before && !found.repeats(path) {
                return Err(fault(
                    path,
                    "policy_none",
                    "has no policies",
                    "a policy is a file that ends in `.rego`; tests end in `_test.rego` and do not count",
                ));
            }
        } else {
            found.add_policy(path);
        }
    }
    let paths: BTreeSet<PathBuf> = found.policies.into_values().collect();
    let policies = paths.iter().map(|path| read_policy(path)).collect::<Result<_, _>>()?;
    let places: BTreeSet<_> = found.data.into_iter().map(|((_, mount), path)| (path, mount)).collect();
    let data = places.into_iter().map(|(path, mount)| read_data(&path, mount)).collect::<Result<_, _>>()?;
    Ok(Files { policies, data })
}

/// Looks through a folder; `mount` are the folders on the way to it.
fn collect(folder: &Path, which: Which, mount: &mut Vec<String>, found: &mut Found) -> Result<(), PolicyFault> {
    if mount.len() > DEPTH_LIMIT {
        return Err(fault(
            folder,
            "policy_depth",
            "is nested too deeply",
            "look for a link that leads back to its own folder",
        ));
    }
    found.folders = found.folders.saturating_add(1);
    if found.folders > FOLDER_LIMIT {
        let what = format!("is one of more than {FOLDER_LIMIT} folders");
        return Err(fault(folder, "policy_count", &what, "name a smaller folder; look for links that fork"));
    }
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        let metadata = std::fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
        if metadata.is_dir() {
            mount.push(name);
            collect(&path, which, mount, found)?;
            mount.pop();
        } else if is_policy(&name, which) {
            found.add_policy(&path);
        } else if matches!(name.as_str(), "data.json" | "data.yaml" | "data.yml") {
            found.add_data(&path, mount);
        } else if name.ends_with("_test.rego") {
            misplaced::check(&read_policy(&normal(&path))?).map_or(Ok(()), Err)?;
        }
        if found.count() > COUNT_LIMIT {
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

fn is_policy(name: &str, which: Which) -> bool {
    name.strip_suffix(".rego").is_some_and(|stem| which == Which::PoliciesAndTests || !stem.ends_with("_test"))
}

fn read_policy(path: &Path) -> Result<PolicyFile, PolicyFault> {
    let text = read_text(path, FILE_LIMIT, "is larger than 1 MiB")?;
    Ok(PolicyFile { path: path.display().to_string(), text, version: None })
}

fn read_data(path: &Path, mount: Vec<String>) -> Result<DataText, PolicyFault> {
    let text = read_text(path, DATA_LIMIT, "is larger than 16 MiB")?;
    Ok(DataText { path: path.display().to_string(), mount, text })
}

fn read_text(path: &Path, limit: u64, too_large: &str) -> Result<String, PolicyFault> {
    // Looked at before it is opened: opening a named pipe without a writer never ends.
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(fault(path, "policy_unreadable", "is no regular file", "write the policy to a file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(fault(path, "policy_size", too_large, "split it, or move its data out of the policy"));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_error| fault(path, "policy_text", "is not UTF-8 text", "save it as UTF-8"))?;
    // Editors on Windows begin a file with a byte order mark, which the engine takes for a word.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
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

/// The path without links; as it is written when there is none, so that reading it says why.
fn whole(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_error| path.to_owned())
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
