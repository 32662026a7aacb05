//! Findings as annotations of a GitHub Actions run, and one that sums them up.

use crate::domain::lint::{LintFinding, LintReport, Severity};
use crate::output::escape::{self, MESSAGE_LIMIT};
use crate::output::github::{LEVEL_LIMIT, command, commands};

pub(super) fn render(report: &LintReport) -> String {
    let mut all = vec![command("notice", None, "holdpoint policy lint", &super::tally(report))];
    // The summary takes one place of its level.
    for (level, severity, limit) in [
        ("error", Severity::Error, LEVEL_LIMIT),
        ("warning", Severity::Warning, LEVEL_LIMIT),
        ("notice", Severity::Note, LEVEL_LIMIT - 1),
    ] {
        let findings: Vec<&LintFinding> =
            report.findings.iter().filter(|finding| finding.code.severity == severity).collect();
        all.extend(commands(level, &findings, limit, |finding| {
            let mut lines = vec![escape::paragraph(&finding.message, MESSAGE_LIMIT)];
            let hint = escape::paragraph(&finding.hint, MESSAGE_LIMIT);
            lines.extend((!hint.is_empty()).then(|| format!("→ {hint}")));
            (Some((finding.path.as_str(), finding.line, finding.column)), finding.code.name.to_owned(), lines)
        }));
    }
    all.join("\n")
}
