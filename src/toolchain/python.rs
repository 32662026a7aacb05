//! Python: componentize-py puts the modules and an interpreter into a component.

use std::fs;
use std::path::Path;

use crate::domain::hinted::HintedError;

use super::command::Tool;
use super::scratch::Scratch;
use super::{Project, output, unreadable};

/// The module that has the rule.
const ENTRY: &str = "app";
/// How deep packages are followed, and how many files are taken.
const DEEPEST: usize = 16;
const MOST_FILES: usize = 2_000;

pub(super) fn build(project: &Project<'_>) -> Result<Vec<u8>, HintedError> {
    let install = "`pip install componentize-py`, in `.venv` of the project or where the command is found";
    let folders = [".venv/bin", ".venv/Scripts", "venv/bin"];
    let componentize = Tool::beside(project.folder, &folders, "componentize-py", install);
    let scratch = Scratch::new()?;
    let modules = scratch.path().join("modules");
    // All of a folder goes into the component: tests and environments stay behind.
    let mut taken = 0;
    copy(project.folder, &modules, 0, &mut taken)?;
    if !modules.join(ENTRY).with_extension("py").is_file() {
        return Err(HintedError::new(
            format!("`{}` has no `{ENTRY}.py`", project.folder.display()),
            format!("write the class `Rule` in `{ENTRY}.py`, which may import other modules of the folder"),
        ));
    }
    let component = scratch.path().join("component.wasm");
    let mut command = componentize.command(project, ["--wit-path"]);
    command.arg(scratch.wit(project)?).args(["--world", project.world, "componentize", ENTRY, "--stub-wasi"]);
    command.arg("--python-path").arg(&modules).arg("--output").arg(&component).args(project.arguments);
    componentize.run(project, &mut command)?;
    output(&component)
}

/// Copies the modules of a folder, and the packages in it.
fn copy(from: &Path, to: &Path, depth: usize, taken: &mut usize) -> Result<(), HintedError> {
    let failed = |error: &std::io::Error| unreadable(from, error);
    fs::create_dir(to).map_err(|error| unreadable(to, &error))?;
    for entry in fs::read_dir(from).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() && path.join("__init__.py").is_file() && name != "tests" && depth < DEEPEST {
            copy(&path, &to.join(&name), depth + 1, taken)?;
        } else if path.is_file() && is_module(&name) {
            *taken += 1;
            if *taken > MOST_FILES {
                let message = format!("`{}` has more than {MOST_FILES} modules", from.display());
                return Err(HintedError::new(message, "name the folder of one plugin"));
            }
            fs::copy(&path, to.join(&name)).map_err(|error| unreadable(&path, &error))?;
        }
    }
    Ok(())
}

fn is_module(name: &str) -> bool {
    let is_test = name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py";
    let is_code = Path::new(name).extension().is_some_and(|end| end == "py" || end == "json");
    is_code && !is_test
}
