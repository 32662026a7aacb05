//! What one rule rested on, as a list.

use jiff::Timestamp;

use crate::domain::explanation::Explanation;
use crate::output::escape::{self, MESSAGE_LIMIT};
use crate::output::explanation;

/// A heading and the list, as one block.
pub(super) fn one(explanation: &Explanation, as_of: Timestamp) -> String {
    let heading = escape::markdown(&explanation::heading(explanation));
    let mut lines = said(explanation);
    lines.extend(named("parameter", explanation::parameters(explanation)));
    lines.extend(named("value", explanation::values(explanation)));
    lines.extend(explanation::log(explanation).iter().map(|line| format!("- `log` {}", escape::markdown_code(line))));
    lines.extend(records(explanation, as_of));
    format!("### Explained: {heading}\n\n{}\n\n", lines.join("\n"))
}

/// Every line begins with a word in code, so that no text can begin one with markup.
fn said(explanation: &Explanation) -> Vec<String> {
    let text = |text: &str| escape::markdown(&escape::line(text, MESSAGE_LIMIT));
    let mut lines: Vec<String> =
        explanation.problem.iter().map(|problem| format!("- `not explained` {}", text(problem))).collect();
    let (shown, more) = explanation::statements(explanation);
    if shown.is_empty() && lines.is_empty() {
        lines.push(format!("- `said` {}", explanation::NOTHING));
    }
    for statement in shown {
        lines.push(format!("- `{}` {}", statement.outcome.as_str(), text(&statement.message)));
        let at = |clause| {
            let (place, source) = (explanation::place(clause), explanation::source(clause));
            format!("- `at` {} {}", escape::markdown_code(&place), escape::markdown_code(&source))
        };
        lines.extend(statement.clauses.iter().map(at));
    }
    lines.extend((more > 0).then(|| format!("- `…` and {more} more statements")));
    lines
}

fn named(kind: &'static str, rows: Vec<[String; 2]>) -> impl Iterator<Item = String> {
    let code = |text: &str| escape::markdown_code(text);
    rows.into_iter().map(move |[name, value]| format!("- `{kind}` {}: {}", code(&name), code(&value)))
}

fn records(explanation: &Explanation, as_of: Timestamp) -> Vec<String> {
    let record = |record| {
        let [id, target, deployment, status, times] = explanation::record(record, as_of);
        let slot = [id, target, deployment, status].map(|name| escape::markdown_code(&name)).join(" ");
        format!("- `record` {slot} {times}")
    };
    let mut lines: Vec<String> = explanation.records.iter().map(record).collect();
    let more = explanation.records_left_out;
    lines.extend((more > 0).then(|| format!("- `record` and {more} more")));
    lines
}
