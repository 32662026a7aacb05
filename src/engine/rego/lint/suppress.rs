//! Comments that accept a finding: `# holdpoint-lint-ignore: CODE reason`, on its line or directly above.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::lint::{LintCode, LintFinding};
use crate::domain::text::nearest;
use crate::engine::rego::comments;
use crate::engine::rego::fault::PolicyFault;
use crate::engine::rego::files::PolicyFile;

use super::{codes, order};

const MARK: &str = "holdpoint-lint-ignore";

/// One such comment.
struct Suppression {
    path: String,
    /// Where it is written.
    line: u32,
    column: u32,
    excerpt: String,
    /// The line whose findings it accepts.
    of_line: u32,
    /// What it accepts, or why it cannot be followed.
    code: Result<&'static LintCode, PolicyFault>,
}

/// Leaves out the findings that comments accept, and adds those about the comments themselves.
pub(super) fn apply(findings: Vec<LintFinding>, files: &[PolicyFile]) -> Vec<LintFinding> {
    let suppressions: Vec<Suppression> = files.iter().flat_map(of_file).collect();
    let mut by_line: BTreeMap<(&str, u32), Vec<usize>> = BTreeMap::new();
    for (number, suppression) in suppressions.iter().enumerate() {
        by_line.entry((&suppression.path, suppression.of_line)).or_default().push(number);
    }
    let accepting = |finding: &LintFinding| {
        let here = by_line.get(&(finding.path.as_str(), finding.line)).into_iter().flatten().copied();
        here.filter(|number| suppressions.get(*number).is_some_and(|one| one.accepts(finding))).collect::<Vec<_>>()
    };
    let mut used = BTreeSet::new();
    let mut kept: Vec<LintFinding> = Vec::with_capacity(findings.len());
    for finding in findings {
        let accepted = accepting(&finding);
        if accepted.is_empty() {
            kept.push(finding);
        }
        used.extend(accepted);
    }
    let own = suppressions.into_iter().enumerate();
    kept.extend(own.filter_map(|(number, suppression)| suppression.finding(used.contains(&number))));
    kept.sort_by(|one, other| order(one).cmp(&order(other)));
    kept
}

impl Suppression {
    /// Whether a finding of its line is of its kind.
    fn accepts(&self, finding: &LintFinding) -> bool {
        self.code.as_ref().is_ok_and(|code| code.name == finding.code.name)
    }

    fn finding(self, used: bool) -> Option<LintFinding> {
        let (name, message, hint) = match self.code {
            Err(fault) => (fault.code, fault.message, fault.hint),
            Ok(_) if used => return None,
            Ok(code) => (
                "suppression_unused",
                format!("there is no finding `{}` here to suppress", code.name),
                "remove the comment".to_owned(),
            ),
        };
        Some(LintFinding {
            path: self.path,
            line: self.line,
            column: self.column,
            code: codes::find(name)?,
            message,
            hint,
            excerpt: Some(self.excerpt),
        })
    }
}

fn of_file(file: &PolicyFile) -> Vec<Suppression> {
    let mut found: Vec<Suppression> = Vec::new();
    // The comments that stand alone and wait for the line they are about.
    let mut waiting: Vec<usize> = Vec::new();
    for line in comments::lines(&file.text) {
        let comment = line.comment.and_then(|start| line.text.get(start..));
        let alone = line.comment.is_some_and(|start| line.text.get(..start).is_some_and(|code| code.trim().is_empty()));
        let said = comment.and_then(|comment| comment.trim_start_matches('#').trim_start().strip_prefix(MARK));
        if let Some(said) = said {
            let before = line.comment.and_then(|start| line.text.get(..start)).unwrap_or_default();
            let column = u32::try_from(before.chars().count()).unwrap_or(0).saturating_add(1);
            found.push(Suppression {
                path: file.path.clone(),
                line: line.number,
                column,
                excerpt: line.text.to_owned(),
                of_line: line.number,
                code: code(said),
            });
            if alone {
                waiting.push(found.len().saturating_sub(1));
                continue;
            }
        }
        for index in waiting.drain(..) {
            if let Some(suppression) = found.get_mut(index) {
                suppression.of_line = line.number;
            }
        }
    }
    found
}

/// The code that a comment names, when it gives a reason.
fn code(said: &str) -> Result<&'static LintCode, PolicyFault> {
    let invalid = |message: String, hint: String| PolicyFault::at("", (0, 0), "suppression_invalid", message, hint);
    let form = format!("write `# {MARK}: CODE reason`");
    let said = said.trim_start().strip_prefix(':').map(str::trim);
    let Some(said) = said.filter(|said| !said.is_empty()) else {
        return Err(invalid("the comment does not say what to suppress".to_owned(), form));
    };
    let (name, reason) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
    let Some(code) = codes::find(name) else {
        let near = nearest(name, codes::ADVICE.iter().map(|code| code.name));
        let hint = near.map_or(form, |near| format!("did you mean `{near}`?"));
        return Err(invalid(format!("there is no finding `{name}`"), hint));
    };
    if !codes::ADVICE.contains(code) || name.starts_with("suppression_") {
        let message = format!("`{name}` cannot be suppressed");
        return Err(invalid(message, "repair what it is about, and remove the comment".to_owned()));
    }
    if reason.trim().is_empty() {
        return Err(invalid(format!("the comment gives no reason to suppress `{name}`"), form));
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::{MARK, code, of_file};
    use crate::engine::rego::files::PolicyFile;
    use proptest::prelude::*;

    #[test]
    fn a_comment_names_a_code_and_a_reason() {
        let cases = [
            (": time_now because", Ok("time_now")),
            (" : time_now  because", Ok("time_now")),
            (":time_now\tbecause", Ok("time_now")),
            (": time_now", Err("the comment gives no reason to suppress `time_now`")),
            (": time_now  ", Err("the comment gives no reason to suppress `time_now`")),
            (": time_later because", Err("there is no finding `time_later`")),
            (": recursion because", Err("`recursion` cannot be suppressed")),
            (": suppression_unused because", Err("`suppression_unused` cannot be suppressed")),
            (":", Err("the comment does not say what to suppress")),
            (" time_now because", Err("the comment does not say what to suppress")),
        ];
        for (said, expected) in cases {
            let found = code(said).map(|code| code.name).map_err(|fault| fault.message);
            assert_eq!(found, expected.map_err(str::to_owned), "{said}");
        }
    }

    proptest! {
        #[test]
        fn each_comment_is_about_its_line_or_a_later_one(text in "(# holdpoint-lint-ignore: time_now x|[a`\"#:é]|\n|\r){0,20}") {
            let file = PolicyFile { path: "p.rego".to_owned(), text, version: None };
            for suppression in of_file(&file) {
                prop_assert!(suppression.of_line >= suppression.line);
                prop_assert!(suppression.excerpt.contains(MARK));
            }
        }
    }
}
