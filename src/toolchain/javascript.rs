//! JavaScript: componentize-qjs puts the modules and an interpreter into a component. What has to be compiled first,
//! such as TypeScript, is compiled by the project's own `compile` script.

use std::fs;

use serde_json::Value;

use crate::domain::hinted::HintedError;

use super::command::Tool;
use super::scratch::Scratch;
use super::{Project, output, unreadable};

/// The module that exports the rule, when package.json names none.
const ENTRY: &str = "component.js";

pub(super) fn build(project: &Project<'_>) -> Result<Vec<u8>, HintedError> {
    let package = package(project)?;
    if package.pointer("/scripts/compile").is_some() {
        let npm = Tool::named("npm", "install Node.js 20 or later from https://nodejs.org");
        npm.run(project, &mut npm.command(project, ["run", "compile"]))?;
    }
    let entry = package.get("main").and_then(Value::as_str).unwrap_or(ENTRY);
    if !project.folder.join(entry).is_file() {
        return Err(HintedError::new(
            format!("`{}` has no `{entry}`", project.folder.display()),
            "name the module that exports `rule` as `main` in package.json",
        ));
    }
    let install = "run `npm install` in the folder of the project; its package.json has `componentize-qjs`";
    let componentize = Tool::beside(project.folder, &["node_modules/.bin"], "componentize-qjs", install);
    let scratch = Scratch::new()?;
    let component = scratch.path().join("component.wasm");
    let mut command = componentize.command(project, ["--wit"]);
    command.arg(scratch.wit(project)?).args(["--world", project.world]);
    // The functions of the contract are synchronous; without WASI there is nothing to wait for.
    command.args(["--stub-wasi", "--sync", "--js", entry, "--output"]).arg(&component).args(project.arguments);
    componentize.run(project, &mut command)?;
    output(&component)
}

fn package(project: &Project<'_>) -> Result<Value, HintedError> {
    let path = project.folder.join("package.json");
    let text = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
    serde_json::from_slice(&text)
        .map_err(|error| HintedError::new(format!("`{}` is not JSON: {error}", path.display()), "correct it"))
}
