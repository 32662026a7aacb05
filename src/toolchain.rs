//! The tools of the languages that plugins are written in: what is run to build one.
//!
//! Each language runs its commands in the folder of the project, as lists of arguments and never through a shell. What
//! they print goes to standard error, where it is seen at once.

mod command;
mod go;
mod javascript;
mod python;
mod rust;
mod scratch;

use std::io;
use std::path::Path;

use crate::domain::hinted::HintedError;
use crate::domain::plugin::Language;

/// The file that shows the language of a project, by language.
const MARKS: [(&str, Language); 4] = [
    ("Cargo.toml", Language::Rust),
    ("go.mod", Language::Go),
    ("package.json", Language::JavaScript),
    ("pyproject.toml", Language::Python),
];
/// The largest file of a project, or component, that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// What is to be built, and with what.
#[derive(Clone, Copy, Debug)]
pub struct Project<'a> {
    /// The folder, as an absolute path.
    pub folder: &'a Path,
    /// The language.
    pub language: Language,
    /// More arguments for the command that compiles.
    pub arguments: &'a [String],
    /// The WIT of the contract, for a project that has no `wit` folder of its own.
    pub contract: &'a str,
    /// The world to build for.
    pub world: &'a str,
    /// Told each command before it runs, as a person would write it.
    pub announce: fn(&str),
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// A core module, still to be made a component.
    Core(Vec<u8>),
    /// A component.
    Component(Vec<u8>),
}

/// The language of the project in this folder, told by its files.
///
/// # Errors
/// When no file tells, or several do.
pub fn language(folder: &Path) -> Result<Language, HintedError> {
    let found: Vec<_> = MARKS.into_iter().filter(|(file, _)| folder.join(file).is_file()).collect();
    match found.as_slice() {
        [(_, language)] => Ok(*language),
        [] => Err(HintedError::new(
            format!("`{}` has no `Cargo.toml`, `go.mod`, `package.json` or `pyproject.toml`", folder.display()),
            "name the folder of a plugin, or begin one with `holdpoint plugin new NAME --language LANGUAGE`",
        )),
        [(one, _), (other, _), ..] => Err(HintedError::new(
            format!("`{}` has `{one}` and `{other}`", folder.display()),
            "say which language to build with `--language`",
        )),
    }
}

/// Runs the commands of the language.
///
/// # Errors
/// A tool that is missing, a command that fails, or one that leaves nothing behind.
pub fn build(project: &Project<'_>) -> Result<Built, HintedError> {
    match project.language {
        Language::Rust => rust::build(project).map(Built::Core),
        Language::Go => go::build(project).map(Built::Core),
        Language::JavaScript => javascript::build(project).map(Built::Component),
        Language::Python => python::build(project).map(Built::Component),
    }
}

/// What a command left in this file.
fn output(path: &Path) -> Result<Vec<u8>, HintedError> {
    let size = match std::fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(HintedError::new(
                "the command ended well and left no module behind",
                "what it printed may say why",
            ));
        }
        Err(error) => return Err(unreadable(path, &error)),
    };
    if size > LARGEST {
        return Err(HintedError::new(
            format!("`{}` has {size} bytes, which no plugin may have", path.display()),
            "leave out what the rule does not need, and debug information",
        ));
    }
    std::fs::read(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> HintedError {
    HintedError::new(format!("`{}` cannot be used: {error}", path.display()), "check the path and its permissions")
}

#[cfg(test)]
mod tests {
    use super::language;
    use crate::domain::plugin::Language;

    #[test]
    fn files_tell_the_language() {
        let cases: [(&[&str], Result<Language, &str>); 6] = [
            (&["Cargo.toml"], Ok(Language::Rust)),
            (&["go.mod", "main.go"], Ok(Language::Go)),
            (&["package.json"], Ok(Language::JavaScript)),
            (&["pyproject.toml", "app.py"], Ok(Language::Python)),
            (&["app.py"], Err("has no `Cargo.toml`")),
            (&["go.mod", "package.json"], Err("has `go.mod` and `package.json`")),
        ];
        for (files, expected) in cases {
            let folder = tempfile::tempdir().unwrap();
            for file in files {
                std::fs::write(folder.path().join(file), "").unwrap();
            }
            match (language(folder.path()), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{files:?}"),
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (found, expected) => panic!("{files:?}: {found:?} instead of {expected:?}"),
            }
        }
    }
}
