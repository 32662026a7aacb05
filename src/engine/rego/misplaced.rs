//! Rules that decide in files of tests.
//!
//! A file `*_test.rego` in a folder is left out when a decision is made. OPA and conftest would load it, and a denial
//! in it would never be said here. Tests are many, and are not parsed for this: their text is looked through.

use super::analysis::kind_of;
use super::fault::PolicyFault;
use super::files::PolicyFile;
use super::version;

/// Refuses a file of tests with a rule that decides. Packages that end in `_test` decide nothing.
pub(super) fn check(file: &PolicyFile) -> Option<PolicyFault> {
    if is_of_tests(&file.text) {
        return None;
    }
    let code = version::without_strings_and_comments(&file.text);
    let mut statements = statements(&code);
    let package = statements.find_map(|(_, line)| line.strip_prefix("package "))?;
    if package.trim().ends_with("_test") {
        return None;
    }
    let name = statements.find_map(|(indented, line)| decides(indented, line))?;
    let message = format!("`{name}` decides, and a file of tests is left out when a decision is made");
    let hint = "move the rule into a file whose name does not end in `_test.rego`; \
                a helper of the tests needs another name, or a package that ends in `_test`";
    Some(PolicyFault::at(&file.path, (0, 0), "policy_in_tests", message, hint))
}

/// Whether the text plainly begins with a package of tests, as most do: then it need not be looked through.
fn is_of_tests(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let package = first.and_then(|line| line.strip_prefix("package ")).and_then(|rest| rest.split('#').next());
    package.is_some_and(|package| package.trim().ends_with("_test"))
}

/// The lines outside of all brackets, trimmed, and whether they are indented.
fn statements(code: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut depth = 0_usize;
    code.lines().filter_map(move |line| {
        let outside = depth == 0;
        for character in line.chars() {
            match character {
                '{' | '[' | '(' => depth = depth.saturating_add(1),
                '}' | ']' | ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        let text = line.trim();
        (outside && !text.is_empty()).then(|| (line.starts_with([' ', '\t']), text))
    })
}

/// The rule that decides, if one begins here. An indented line may also be the rest of one before it.
fn decides(indented: bool, line: &str) -> Option<&str> {
    let line = line.strip_prefix("default ").map_or(line, str::trim_start);
    let end = line.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start();
    let begins = !indented || ["contains ", "if ", ":=", "{"].into_iter().any(|begin| rest.starts_with(begin));
    (begins && kind_of(name).is_some()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::engine::rego::files::PolicyFile;

    fn fault(text: &str) -> Option<String> {
        let file = PolicyFile { path: "a_test.rego".to_owned(), text: text.to_owned(), version: None };
        check(&file).map(|fault| fault.to_string())
    }

    #[test]
    fn rules_that_decide_are_found() {
        let said = |name: &str| {
            Some(format!("a_test.rego: `{name}` decides, and a file of tests is left out when a decision is made"))
        };
        for (text, name) in [
            ("package p\n\ndeny contains \"x\" if true", "deny"),
            ("# deny\npackage p\nimport rego.v1\n\n  deny contains \"x\" if {\n\ttrue\n}\n", "deny"),
            ("package p\ntest_a if { deny }\ndeny_soak[msg] { msg := \"x\" }", "deny_soak"),
            ("package p\nviolation[{\"msg\": msg}] { msg := \"x\" }", "violation"),
            ("package p\ndefault result := {}", "result"),
            ("package a.b\nhold contains \"x\"", "hold"),
            ("package p\nskip_reason := \"x\"", "skip_reason"),
            ("package p\r\nwarn contains \"x\" if true\r\n", "warn"),
            ("package p # of _test\nx := `\n}`\ndeny contains 1", "deny"),
        ] {
            assert_eq!(fault(text), said(name), "{text}");
        }
    }

    #[test]
    fn files_of_tests_are_fine() {
        for text in [
            "",
            "deny contains \"x\"",
            "package p_test\n\ndeny contains \"x\" if true",
            "package a.p_test # tests\n\nviolations := []",
            "package p\n\ntest_denies if count(deny) == 1 with input as {}\n\ntest_b if {\n\tdeny[\"x\"]\n\tdeny contains\n}",
            "package p\n\ntest_b if\n\tdeny[\"x\"]\n",
            "package p\n\ntest_b if not deny[\"x\"]\n  with input as {}\n",
            "package p\n\ndenied := {}\nholder := 1\nrecord(x) := x\ntext := `\ndeny contains 1`\n# deny contains 1",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
    }
}
