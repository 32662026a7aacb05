//! Rust: `cargo build` for `wasm32-unknown-unknown`, which imports nothing of a system.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::domain::hinted::HintedError;

use super::command::Tool;
use super::{Project, output};

const TARGET: &str = "wasm32-unknown-unknown";
const INSTALL: &str = "install Rust from https://rustup.rs, and then `rustup target add wasm32-unknown-unknown`";

/// What its output says too, among more.
const ON_FAILURE: &str = "what it printed says why; if it misses `core` or `std`, run `rustup target add \
                          wasm32-unknown-unknown`";

pub(super) fn build(project: &Project<'_>) -> Result<Vec<u8>, HintedError> {
    let cargo = Tool::named("cargo", INSTALL).with_hint(ON_FAILURE);
    let fixed = ["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"];
    let arguments = fixed.into_iter().chain(project.arguments.iter().map(String::as_str));
    let messages = cargo.read(project, &mut cargo.command(project, arguments))?;
    output(&artifact(project, &String::from_utf8_lossy(&messages))?)
}

/// The module of the package in this folder, among all that cargo says it made.
fn artifact(project: &Project<'_>, messages: &str) -> Result<PathBuf, HintedError> {
    let manifest = project.folder.join("Cargo.toml");
    let is_own = |message: &Value| {
        let path = message.get("manifest_path").and_then(Value::as_str);
        path.is_some_and(|path| fs::canonicalize(path).ok() == fs::canonicalize(&manifest).ok())
    };
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let own = messages.filter(|message| message.get("reason").is_some_and(|reason| reason == "compiler-artifact"));
    let mut files = own.filter(is_own).filter_map(|message| {
        let files = message.get("filenames")?.as_array()?;
        let file = files
            .iter()
            .filter_map(Value::as_str)
            .find(|file| Path::new(file).extension().is_some_and(|end| end == "wasm"))?;
        Some(PathBuf::from(file))
    });
    files.next_back().ok_or_else(|| {
        HintedError::new(
            format!("`{}` makes no WebAssembly module", manifest.display()),
            "name the folder of a package, whose Cargo.toml has `crate-type = [\"cdylib\", \"rlib\"]` under `[lib]`",
        )
    })
}
