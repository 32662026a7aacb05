//! From files and folders to a bundle, which is loaded once to see that it can be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{anyhow, bail};

use crate::bundle::{self, Bundle, MANIFEST, Manifest};
use crate::domain::origin::{Origin, OriginKind};
use crate::engine::rego::{Extent, Limits, PolicyInput, RegoEngine};
use crate::source::file;

/// Bytes of one file, files of one bundle, and folders within folders.
const LARGEST_FILE: u64 = 16 << 20;
const MOST_FILES: usize = 2000;
const DEEPEST: usize = 32;

/// What goes into a bundle.
#[derive(Clone, Debug)]
pub struct Packing<'a> {
    /// Files and folders. The names in the bundle begin below each of them.
    pub paths: &'a [PathBuf],
    /// A name for this state; empty for none.
    pub revision: String,
    /// The paths below `data` that are the bundle's alone; `None` for the first names of its packages and data.
    pub roots: Option<Vec<String>>,
    /// Tests go in as well.
    pub with_tests: bool,
}

/// Packs policies and data with a new manifest, and loads them to see that a reader can.
///
/// # Errors
/// Files that cannot be read, are too many, too large, or have one name in the bundle; policies that cannot be loaded,
/// or lie outside the given roots.
pub fn pack(packing: &Packing<'_>) -> anyhow::Result<Bundle> {
    let mut files = BTreeMap::new();
    for path in packing.paths {
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if metadata.is_dir() {
            collect(packing, path, "", 0, &mut files)?;
        } else {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            add(path, &name, &mut files)?;
        }
    }
    let manifest = Manifest { revision: packing.revision.clone(), ..Manifest::default() };
    let roots = match &packing.roots {
        Some(roots) => roots.clone(),
        None => first_names(&files, &manifest)?,
    };
    let manifest = Manifest { written_roots: Some(roots), ..manifest };
    let bundle = with_manifest(files, &manifest)?;
    load(&bundle)?;
    Ok(bundle)
}

fn collect(
    packing: &Packing<'_>,
    folder: &Path,
    prefix: &str,
    depth: usize,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> anyhow::Result<()> {
    if depth > DEEPEST {
        bail!("`{}` is nested too deeply\nhint: look for a link that leads back to its own folder", folder.display());
    }
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        let inside = format!("{prefix}{name}");
        if fs::metadata(&path).map_err(|error| unreadable(&path, &error))?.is_dir() {
            collect(packing, &path, &format!("{inside}/"), depth.saturating_add(1), files)?;
        } else if is_wanted(&name, packing.with_tests) {
            add(&path, &inside, files)?;
        }
    }
    Ok(())
}

fn is_wanted(name: &str, with_tests: bool) -> bool {
    let policy = name.strip_suffix(".rego").is_some_and(|stem| with_tests || !stem.ends_with("_test"));
    policy || matches!(name, "data.json" | "data.yaml" | "data.yml")
}

fn add(path: &Path, name: &str, files: &mut BTreeMap<String, Vec<u8>>) -> anyhow::Result<()> {
    let bytes = file::read(path, LARGEST_FILE).map_err(|error| unreadable(path, &error))?;
    if files.insert(name.to_owned(), bytes).is_some() {
        bail!("two files would be `{name}` in the bundle\nhint: name one folder that holds both");
    }
    if files.len() > MOST_FILES {
        bail!("there are more than {MOST_FILES} files\nhint: name a smaller folder");
    }
    Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> anyhow::Error {
    anyhow!("`{}` cannot be read: {error}\nhint: check the path and its permissions", path.display())
}

/// The first names of packages and data.
fn first_names(files: &BTreeMap<String, Vec<u8>>, manifest: &Manifest) -> anyhow::Result<Vec<String>> {
    let engine = load(&with_manifest(files.clone(), manifest)?)?;
    let names: BTreeSet<String> = engine.roots().map(str::to_owned).collect();
    Ok(names.into_iter().collect())
}

fn with_manifest(mut files: BTreeMap<String, Vec<u8>>, manifest: &Manifest) -> anyhow::Result<Bundle> {
    files.insert(MANIFEST.to_owned(), serde_json::to_vec(manifest)?);
    Ok(Bundle::from_files(files, Vec::new())?)
}

fn load(bundle: &Bundle) -> anyhow::Result<RegoEngine> {
    let name = "bundle".to_owned();
    let origin =
        Origin { kind: OriginKind::Bundle, digest: bundle::digest(&[]), name, revision: None, verified: false };
    let set = bundle.clone().into_set(origin, "bundle")?;
    let limits = Limits { rule: Duration::from_secs(1), evaluation: Duration::from_secs(1) };
    Ok(RegoEngine::load_from(&[PolicyInput::Set(Arc::new(set))], &[], BTreeSet::new(), Extent::Everything, limits)?)
}
