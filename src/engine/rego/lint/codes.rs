//! Every kind of finding, with the one name it has everywhere. `docs/lint.md` is made from this table.

use crate::domain::lint::LintCode;

mod advice;
mod refusals;

pub(super) use advice::ADVICE;
pub(super) use refusals::REFUSALS;

/// What stands in for a code that is not in the table: loading refuses the policy all the same.
const OTHER: &str = "policy_invalid";

/// All codes: what keeps a policy from being loaded, then what else is found.
pub(super) fn all() -> impl Iterator<Item = &'static LintCode> {
    REFUSALS.iter().chain(ADVICE)
}

/// The code of this name.
pub(super) fn find(name: &str) -> Option<&'static LintCode> {
    all().find(|code| code.name == name)
}

/// The code of a fault.
pub(super) fn of_fault(name: &str) -> Option<&'static LintCode> {
    find(name).or_else(|| find(OTHER))
}

#[cfg(test)]
mod tests {
    use super::{all, find};
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    #[test]
    fn names_are_unique_and_texts_are_there() {
        let names: BTreeSet<&str> = all().map(|code| code.name).collect();
        assert_eq!(names.len(), all().count());
        for code in all() {
            assert!(code.why.ends_with('.') && code.repair.ends_with('.'), "{}", code.name);
            assert!(!code.summary.ends_with('.') && !code.summary.is_empty(), "{}", code.name);
        }
    }

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if !path.ends_with("tests.rs") {
                found.push(path);
            }
        }
    }

    /// A code that a check gives and the table lacks would be shown as another one.
    #[test]
    fn the_table_has_every_code_of_the_analysis() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine/rego");
        let mut files = Vec::new();
        sources(&folder.join("analysis"), &mut files);
        sources(&folder.join("nesting"), &mut files);
        // Words that are no codes: of Rego, of holdpoint's data, and a limit that reading has already.
        let others = BTreeSet::from(["skip_reason", "now_ns", "holdpoint_answers"]);
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let is_word =
                |text: &str| text.contains('_') && text.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
            let words = text.split('"').filter(|text| is_word(text) && !text.starts_with('_') && !text.ends_with('_'));
            for word in words.filter(|word| !others.contains(word)) {
                assert!(find(word).is_some(), "`{word}` of {} is not in the table", file.display());
            }
        }
    }
}
