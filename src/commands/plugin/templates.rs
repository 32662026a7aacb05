//! The projects that `plugin new` writes: the files beneath `templates/`, and those of `plugins/` that every plugin of
//! a language has.

use std::borrow::Cow;

use crate::commands::new_files::NewFile;
use crate::component::CONTRACT;
use crate::domain::plugin::Language;

/// Files of a template, at the same path below the project. Their texts have `{{name}}` in place of the name.
macro_rules! template {
    ($language:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("templates/", $language, "/", $path)))),+]
    };
}

/// Files of `plugins/`, which go into the project unchanged.
macro_rules! shared {
    ($($path:literal from $source:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../plugins/", $source)))),+]
    };
}

type Files = &'static [(&'static str, &'static str)];

const RUST: Files = template!("rust":
    ".github/workflows/ci.yml", ".gitignore", "Cargo.toml", "README.md", "build.sh", "parameters.schema.json",
    "src/lib.rs", "tests/allowed.yaml", "tests/held.yaml",
);
/// The SDK is no part of any registry yet: a project has a copy of it.
const RUST_SDK: Files = shared!(
    "sdk/Cargo.toml" from "sdk/Cargo.toml",
    "sdk/src/bindings.rs" from "sdk/src/bindings.rs",
    "sdk/src/filter.rs" from "sdk/src/filter.rs",
    "sdk/src/host.rs" from "sdk/src/host.rs",
    "sdk/src/http.rs" from "sdk/src/http.rs",
    "sdk/src/http/wasi.rs" from "sdk/src/http/wasi.rs",
    "sdk/src/lib.rs" from "sdk/src/lib.rs",
    "sdk/src/parameters.rs" from "sdk/src/parameters.rs",
    "sdk/src/records.rs" from "sdk/src/records.rs",
    "sdk/src/rule.rs" from "sdk/src/rule.rs",
    "sdk/src/run.rs" from "sdk/src/run.rs",
    "sdk/src/testing.rs" from "sdk/src/testing.rs",
    "sdk/src/time.rs" from "sdk/src/time.rs",
    "sdk/src/verdict.rs" from "sdk/src/verdict.rs",
    "sdk/wit/plugin.wit" from "wit/plugin.wit",
);
const GO: Files = template!("go":
    ".github/workflows/ci.yml", ".gitignore", "README.md", "build.sh", "component.go", "go.mod", "main.go",
    "parameters.schema.json", "rule_test.go", "tests/allowed.yaml", "tests/held.yaml",
);
const GO_SHARED: Files = shared!(
    "adapter/pure-wasip1.wat" from "adapter/pure-wasip1.wat",
    "holdpoint/component.go" from "deploy-window/holdpoint/component.go",
    "holdpoint/holdpoint.go" from "deploy-window/holdpoint/holdpoint.go",
    "holdpoint/memory.go" from "deploy-window/holdpoint/memory.go",
);
const JAVASCRIPT: Files = template!("javascript":
    ".github/workflows/ci.yml", ".gitignore", "README.md", "build.sh", "package.json", "rule.js", "test/rule.test.js",
    "tests/allowed.yaml", "tests/held.yaml",
);
const JAVASCRIPT_SHARED: Files = shared!(
    "component.js" from "version-skew/component.js",
    "holdpoint.js" from "version-skew/holdpoint.js",
);
const PYTHON: Files = template!("python":
    ".github/workflows/ci.yml", ".gitignore", "README.md", "build.sh", "pyproject.toml", "rule.py", "test_rule.py",
    "tests/allowed.yaml", "tests/held.yaml",
);
const PYTHON_SHARED: Files = shared!(
    "app.py" from "quorum/app.py",
    "holdpoint.py" from "quorum/holdpoint.py",
);

/// The workspace of the plugins in Rust, whose settings the SDK inherits.
const RUST_WORKSPACE: &str = include_str!("../../../plugins/Cargo.toml");

/// The files of a new project. `sdk` is the folder of the SDK for Rust, when it is not to be copied.
pub(super) fn files(language: Language, name: &str, sdk: Option<&str>) -> Vec<NewFile<'static>> {
    let (own, shared): (Files, Files) = match language {
        Language::Rust if sdk.is_some() => (RUST, &[]),
        Language::Rust => (RUST, RUST_SDK),
        Language::Go => (GO, GO_SHARED),
        Language::JavaScript => (JAVASCRIPT, JAVASCRIPT_SHARED),
        Language::Python => (PYTHON, PYTHON_SHARED),
    };
    let workspace = if sdk.is_some() { "[workspace]\n".to_owned() } else { workspace() };
    let filled = |text: &str| {
        // A JSON string is one of TOML as well.
        let place = serde_json::Value::from(sdk.unwrap_or("sdk")).to_string();
        let text = text.replace("{{name}}", name).replace("{{crate}}", &name.replace('-', "_"));
        text.replace("{{sdk}}", &place).replace("{{workspace}}\n", &workspace)
    };
    let mut files: Vec<NewFile<'static>> =
        own.iter().map(|(path, text)| ((*path).to_owned(), Cow::Owned(filled(text)))).collect();
    files.extend(shared.iter().map(|(path, text)| ((*path).to_owned(), Cow::Borrowed(*text))));
    if language != Language::Rust {
        files.push(("wit/plugin.wit".to_owned(), Cow::Borrowed(CONTRACT)));
    }
    files.sort();
    files
}

/// What the manifest of the copied SDK inherits: package, dependencies and lints of the workspace it comes from.
fn workspace() -> String {
    let inherited = RUST_WORKSPACE.split_once("[workspace.package]").map(|(_, rest)| rest).unwrap_or_default();
    let inherited = inherited.lines().take_while(|line| !line.starts_with("[profile"));
    let mut lines = vec![
        "# The copy of the SDK inherits what follows.\n[workspace]",
        "members = [\"sdk\"]",
        "resolver = \"3\"\n",
        "[workspace.package]",
    ];
    let is_other =
        |line: &str| ["# Small", "holdpoint-plugin", "regex-lite"].iter().any(|start| line.starts_with(start));
    lines.extend(inherited.skip(1).filter(|line| !is_other(line)));
    lines.join("\n").trim_end().to_owned() + "\n\n"
}

#[cfg(test)]
mod tests {
    use super::{GO_SHARED, RUST_SDK, files};
    use crate::domain::plugin::Language;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    fn below(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                below(&entry.path(), root, found);
            } else {
                found.insert(entry.path().strip_prefix(root).unwrap().display().to_string());
            }
        }
    }

    fn on_disk(folder: &str) -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut found = BTreeSet::new();
        below(&root, &root, &mut found);
        found
    }

    #[test]
    fn no_file_is_forgotten() {
        for (language, folder) in [
            (Language::Rust, "rust"),
            (Language::Go, "go"),
            (Language::JavaScript, "javascript"),
            (Language::Python, "python"),
        ] {
            let written: BTreeSet<String> = files(language, "a", None).into_iter().map(|(path, _)| path).collect();
            let missing: Vec<_> =
                on_disk(&format!("src/commands/plugin/templates/{folder}")).difference(&written).cloned().collect();
            assert_eq!(missing, Vec::<String>::new(), "{language:?}");
        }
        let named = |files: super::Files, folder: &str| -> BTreeSet<String> {
            files.iter().filter_map(|(path, _)| path.strip_prefix(folder).map(str::to_owned)).collect()
        };
        assert_eq!(named(RUST_SDK, "sdk/src/"), on_disk("plugins/sdk/src"));
        assert_eq!(named(GO_SHARED, "holdpoint/"), on_disk("plugins/deploy-window/holdpoint"));
    }

    #[test]
    fn no_placeholder_is_left() {
        for language in [Language::Rust, Language::Go, Language::JavaScript, Language::Python] {
            for sdk in [None, Some("/opt/a \"b\"")] {
                for (path, text) in files(language, "change-ticket", sdk) {
                    // As formatting strings of Rust and Python have them, two braces do not end as one word.
                    let is_placeholder = |rest: &&str| {
                        rest.split_once("}}")
                            .is_some_and(|(word, _)| word.chars().all(|next| next.is_ascii_lowercase()))
                    };
                    let left = text.split("{{").skip(1).find(is_placeholder);
                    assert_eq!(left, None, "{path}");
                }
            }
        }
    }
}
