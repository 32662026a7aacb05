//! Where cases and components are.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

/// The folder of cases beside a plugin.
const FOLDER: &str = "tests";
/// How deep folders are looked through.
const DEEPEST: usize = 8;
/// Cases of one run.
const MOST_CASES: usize = 10_000;
/// Folders of tools, which hold other people's tests.
const FOREIGN: [&str; 4] = ["target", "node_modules", "vendor", "venv"];

/// The files of cases in these files and folders: what is in folders named `tests`, or else in the folder itself.
///
/// # Errors
/// A path that cannot be read; nothing found, or too much.
pub(super) fn cases(paths: &[PathBuf]) -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for path in paths {
        let unreadable = |error: io::Error| {
            anyhow!("`{}` cannot be read: {error}\nhint: name a plugin's folder, or files of cases", path.display())
        };
        if !fs::metadata(path).map_err(unreadable)?.is_dir() {
            found.insert(path.clone());
            continue;
        }
        let before = found.len();
        below(path, 0, &mut found).map_err(unreadable)?;
        if found.len() == before {
            found.extend(files(path, is_case).map_err(unreadable)?);
        }
        if found.len() == before {
            bail!(
                "`{}` has no cases to test\nhint: a case is a `.yaml` or `.json` file in the folder `{FOLDER}` beside a \
                 plugin",
                path.display()
            );
        }
    }
    if found.len() > MOST_CASES {
        bail!("there are more than {MOST_CASES} cases\nhint: name the folders to test");
    }
    Ok(found)
}

/// Gathers what is in folders named `tests`.
fn below(folder: &Path, depth: usize, found: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    if is_named(folder, FOLDER) {
        found.extend(files(folder, is_case)?);
        return Ok(());
    }
    if depth == DEEPEST || found.len() > MOST_CASES {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let foreign = name.to_string_lossy().starts_with('.') || FOREIGN.iter().any(|foreign| name == *foreign);
        // A link may lead back to where it is.
        if entry.file_type()?.is_dir() && !foreign {
            below(&entry.path(), depth + 1, found)?;
        }
    }
    Ok(())
}

/// The component of the plugin beside this case: in its folder, or where `plugins/build` puts it.
///
/// # Errors
/// When there is none, or more than one.
pub(super) fn component(case: &Path) -> anyhow::Result<PathBuf> {
    let beside = case.parent().unwrap_or(Path::new(""));
    let beside = fs::canonicalize(if beside.as_os_str().is_empty() { Path::new(".") } else { beside })?;
    let folder = if is_named(&beside, FOLDER) { beside.parent().unwrap_or(&beside) } else { &beside };
    let mut components = files(folder, |path| path.extension().is_some_and(|extension| extension == "wasm"))?;
    match (components.pop(), components.is_empty()) {
        (Some(only), true) => return Ok(only),
        (Some(_), false) => bail!(
            "`{}` has more than one component\nhint: name one with `--plugin FILE`, or `plugin: FILE` in the case",
            folder.display()
        ),
        (None, _) => {}
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let built =
        [folder, folder.parent().unwrap_or(folder)].map(|above| above.join(format!("target/components/{name}.wasm")));
    built.iter().find(|path| path.is_file()).cloned().ok_or_else(|| {
        anyhow!(
            "there is no component to test: neither in `{}` nor `{}`\nhint: build it with `holdpoint plugin build`, or \
             name it with `--plugin FILE`",
            folder.display(),
            built.map(|path| path.display().to_string()).join("` nor `")
        )
    })
}

fn is_named(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|last| last == name)
}

fn is_case(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}

/// The files in a folder that are wanted, in the order of their names.
fn files(folder: &Path, wanted: impl Fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if wanted(&path) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
