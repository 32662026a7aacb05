//! Test Anything Protocol, version 14: a test point for each finding, and one for each verdict.
//!
//! `not ok` means that the verdict is blocked, and nothing else does: what a rule that does not count would deny is
//! `ok`, with the outcome in its description and diagnostic. The directive TODO is not used, since consumers disagree
//! on `ok … # TODO`, and `not ok … # TODO` would read as a failure. A decision that blocks without a finding is
//! `not ok` by its verdict's own test point, so that exit code and TAP always agree.
//!
//! Source: <https://testanything.org/tap-version-14-specification.html>.

use crate::domain::decision::{Decision, Decisions};
use crate::domain::finding::{Finding, Outcome};
use crate::domain::verdict::Verdict;

use super::escape::{self, NAME_LIMIT};
use super::{finding, json, overrides, phrase};

/// The decisions as one TAP document.
pub(super) fn render(decisions: &Decisions) -> String {
    let mut points: Vec<Point> = decisions.0.iter().flat_map(of_decision).collect();
    if decisions.0.is_empty() {
        let description = format!("verdict {}: no artifact was judged", decisions.verdict());
        points.push(Point { ok: false, description, directive: String::new(), diagnostic: Vec::new() });
    }
    let mut lines = vec!["TAP version 14".to_owned(), format!("1..{}", points.len())];
    lines.extend(decisions.0.iter().flat_map(comments));
    for (number, point) in points.iter().enumerate() {
        lines.extend(point.lines(number + 1));
    }
    lines.join("\n")
}

/// Overrides, as comments: a directive would change what a point means.
fn comments(decision: &Decision) -> Vec<String> {
    let entries = overrides::in_force(decision).into_iter().chain(overrides::notices(decision));
    entries.map(|entry| format!("# {}", entry.line())).collect()
}

struct Point {
    ok: bool,
    description: String,
    /// Escaped already; empty when there is none.
    directive: String,
    /// Keys and values of the YAML block.
    diagnostic: Vec<(&'static str, String)>,
}

impl Point {
    fn lines(&self, number: usize) -> Vec<String> {
        let result = if self.ok { "ok" } else { "not ok" };
        let description = escape::tap_description(&self.description);
        let mut lines = vec![format!("{result} {number} - {description}{}", self.directive)];
        if !self.diagnostic.is_empty() {
            lines.push("  ---".to_owned());
            // A JSON string is a double-quoted YAML scalar.
            lines.extend(self.diagnostic.iter().map(|(key, value)| format!("  {key}: {}", json::string(value))));
            lines.push("  ...".to_owned());
        }
        lines
    }
}

fn of_decision(decision: &Decision) -> Vec<Point> {
    let mut points: Vec<Point> = decision.findings.iter().map(|finding| of_finding(decision, finding)).collect();
    points.push(of_verdict(decision));
    points
}

fn of_finding(decision: &Decision, finding: &Finding) -> Point {
    let (rule, title) = (finding::rule(finding), finding::title(finding));
    let name = if rule == title { rule } else { format!("{rule}: {title}") };
    if finding.outcome == Outcome::Skipped {
        let reason = escape::tap_description(&finding::message_line(finding));
        let directive = format!(" # SKIP {reason}");
        return Point { ok: true, description: name, directive, diagnostic: Vec::new() };
    }
    let diagnostic = if finding.outcome == Outcome::Passed { Vec::new() } else { diagnostic(decision, finding) };
    let description = format!("{name}, {}", finding::outcome(finding));
    Point { ok: !finding.blocks(), description, directive: String::new(), diagnostic }
}

fn diagnostic(decision: &Decision, finding: &Finding) -> Vec<(&'static str, String)> {
    let mut diagnostic = vec![
        ("message", finding::message(finding)),
        ("outcome", finding.outcome.as_str().to_owned()),
        ("enforcement", finding.enforcement.as_str().to_owned()),
        ("code", escape::line(&finding.code, NAME_LIMIT)),
        ("remediation", finding::remediation(finding)),
    ];
    if let Some(id) = &finding.overridden_by {
        diagnostic.push(("overridden_by", escape::line(id, NAME_LIMIT)));
    }
    if let Some(opens_at) = finding.opens_at {
        diagnostic.push(("opens_at", opens_at.to_string()));
    }
    if let Some(location) = &finding.location {
        diagnostic.push(("at", format!("{}:{}", escape::line(&location.path, NAME_LIMIT), location.line)));
    }
    diagnostic.push(("artifact", decision.request.artifact.digest.to_string()));
    diagnostic.retain(|(_, value)| !value.is_empty());
    diagnostic
}

fn of_verdict(decision: &Decision) -> Point {
    let request = &decision.request;
    let artifact = phrase::name_or_digest(&request.artifact);
    let description = format!("verdict {}: {artifact} to {}", decision.verdict, phrase::environment(request));
    let mut diagnostic = vec![
        ("verdict", decision.verdict.as_str().to_owned()),
        ("digest", request.artifact.digest.to_string()),
        ("decision", escape::line(&decision.id, NAME_LIMIT)),
    ];
    if let Some(opens_at) = decision.opens_at {
        diagnostic.push(("opens_at", opens_at.to_string()));
    }
    Point { ok: decision.verdict == Verdict::Allow, description, directive: String::new(), diagnostic }
}
