//! `plugin new`: a project that builds and passes its tests.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use crate::cli::plugin::new::NewArgs;
use crate::commands::{new_files, write};
use crate::domain::plugin::{Language, is_plugin_name};
use crate::exit::Exit;

use super::templates;

/// The most characters of a name that is refused which the hint repeats.
const LONGEST_HINT: usize = 64;

/// Writes the project and says what to do next.
///
/// # Errors
/// A name that may not name a plugin, files that are there already, or a folder that cannot be written.
pub fn execute(args: &NewArgs) -> anyhow::Result<Exit> {
    let language: Language = args.language.into();
    check_name(&args.name)?;
    let sdk = args.sdk.as_deref().map(|path| sdk(path, language)).transpose()?;
    let directory = args.directory.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    let files = templates::files(language, &args.name, sdk.as_deref());
    let again = format!("holdpoint plugin new {} --language {} FOLDER", args.name, option(language));
    let written = new_files::write(&directory, &files, &again)?;
    write::to_stdout(&said(&written, &directory, &args.name, language))?;
    Ok(Exit::Allow)
}

fn check_name(name: &str) -> anyhow::Result<()> {
    if is_plugin_name(name) {
        return Ok(());
    }
    let near = kebab(name);
    let hint =
        if is_plugin_name(&near) { format!("write it as `{near}`") } else { "write it as `change-ticket`".to_owned() };
    bail!("the plugin name `{name}` is not lower-case kebab-case of at most 64 characters\nhint: {hint}");
}

/// The name that was most likely meant: words of `ChangeTicket`, `change_ticket` or `Change ticket`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    let mut after_lower = false;
    for character in name.chars().take(LONGEST_HINT) {
        if !character.is_ascii_alphanumeric() || (character.is_ascii_uppercase() && after_lower) {
            kebab.push('-');
        }
        if character.is_ascii_alphanumeric() {
            kebab.push(character.to_ascii_lowercase());
        }
        after_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
    }
    kebab.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// The SDK's folder, absolute: the project may lie anywhere.
fn sdk(path: &Path, language: Language) -> anyhow::Result<Cow<'static, str>> {
    if language != Language::Rust {
        bail!("`--sdk` is for Rust, and the language is {}\nhint: leave it out", language.title());
    }
    let hint = "name the folder `plugins/sdk` of holdpoint's repository, or leave `--sdk` out";
    let absolute = std::fs::canonicalize(path)
        .map_err(|error| anyhow!("`{}` cannot be used: {error}\nhint: {hint}", path.display()))?;
    if !absolute.join("Cargo.toml").is_file() {
        bail!("`{}` has no Cargo.toml\nhint: {hint}", path.display());
    }
    match absolute.into_os_string().into_string() {
        Ok(text) => Ok(text.into()),
        Err(_) => bail!("the path of the SDK is not UTF-8\nhint: move it"),
    }
}

const fn option(language: Language) -> &'static str {
    match language {
        Language::Rust => "rust",
        Language::Go => "go",
        Language::JavaScript => "javascript",
        Language::Python => "python",
    }
}

fn said(written: &[PathBuf], directory: &Path, name: &str, language: Language) -> String {
    let lines: Vec<String> = written.iter().map(|path| format!("wrote {}\n", path.display())).collect();
    let lines = lines.concat();
    let (test, rule) = match language {
        Language::Rust => ("cargo test", "src/lib.rs"),
        Language::Go => ("go test ./...", "main.go"),
        Language::JavaScript => ("npm install && npm test", "rule.js"),
        Language::Python => ("python3 -m unittest", "rule.py"),
    };
    let tools = match language {
        Language::Python => "  pip install componentize-py\n",
        Language::Rust => "  rustup target add wasm32-unknown-unknown\n",
        Language::Go | Language::JavaScript => "",
    };
    let folder = directory.display();
    format!(
        "{lines}\nNext:\n  cd {folder}\n{tools}  {test}\n  holdpoint plugin build\n  holdpoint plugin test .\n  \
         holdpoint plugin inspect {name}.wasm\n\nThe rule is in {rule}.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::kebab;

    #[test]
    fn names_are_told_as_they_were_meant() {
        let cases = [
            ("ChangeTicket", "change-ticket"),
            ("change_ticket", "change-ticket"),
            (" Change  ticket!", "change-ticket"),
            ("deploy2Prod", "deploy2-prod"),
            ("--", ""),
            ("Ünder", "nder"),
        ];
        for (name, meant) in cases {
            assert_eq!(kebab(name), meant, "{name}");
        }
    }
}
