//! GitHub Flavoured Markdown, for a job summary or a comment.

mod explain;
mod overriding;
mod promotion;

use crate::domain::decision::{Decision, Decisions};
use crate::domain::finding::Finding;
use crate::domain::verdict::Verdict;

use super::escape::{self, NAME_LIMIT};
use super::finding::{self, Standing};
use super::overrides::{self, Entry};
use super::{phrase, plugins, text};

/// GitHub refuses a longer job summary, in bytes.
const SIZE_LIMIT: usize = 1024 * 1024;
/// Room for the note of what was cut, in bytes.
const NOTE_SIZE: usize = 256;
const TABLE_HEAD: &str = "| | Rule | Outcome | Says | Opens |\n| --- | --- | --- | --- | --- |\n";

/// The decisions as Markdown, within GitHub's limit.
pub(super) fn render(decisions: &Decisions) -> String {
    let mut blocks = Vec::new();
    if decisions.0.len() != 1 {
        blocks.push(combined(decisions));
    }
    for decision in &decisions.0 {
        blocks.push(heading(decision));
        blocks.extend(exceptions(decision));
        blocks.extend(table(decision));
        blocks.extend(ways_to_open(decision));
        blocks.extend(promotion::map(decision));
        blocks.extend(overriding::how(decision));
        blocks.push(footer(decision));
        blocks.extend(decision.explanations.iter().map(|explanation| explain::one(explanation, decision.as_of)));
    }
    within_limit(blocks)
}

/// The blocks that fit, and a note of how many did not. Each is small, so what is cut is what comes last.
fn within_limit(blocks: Vec<String>) -> String {
    let mut output = String::new();
    let mut cut = 0_usize;
    for block in blocks {
        if cut > 0 || output.len() + block.len() + NOTE_SIZE > SIZE_LIMIT {
            cut += 1;
        } else {
            output.push_str(&block);
        }
    }
    if cut == 0 {
        return output;
    }
    format!(
        "{output}\n\n> **Cut:** {cut} more parts did not fit into 1 MiB, the most that GitHub shows. \
         The JSON decision document has them all.\n"
    )
}

fn verdict(verdict: Verdict) -> String {
    format!("{} {verdict}", phrase::symbol(verdict))
}

fn combined(decisions: &Decisions) -> String {
    let verdict = verdict(decisions.verdict());
    format!("# {verdict}: {}\n\n", phrase::tally(decisions))
}

fn heading(decision: &Decision) -> String {
    let request = &decision.request;
    let environment = escape::markdown(&escape::line(&request.environment, NAME_LIMIT));
    let sentence = phrase::answer(decision, "this artifact", &environment);
    let artifact = [phrase::name(&request.artifact), request.artifact.digest.to_string()];
    let artifact: Vec<String> =
        artifact.iter().filter(|text| !text.is_empty()).map(|text| escape::markdown_code(text)).collect();
    let mut paragraphs = vec![
        format!("## {}: {sentence}", verdict(decision.verdict)),
        format!("**Artifact** {}", artifact.join("<br>")),
    ];
    if let Some(opening) = phrase::opening(decision) {
        paragraphs.push(format!("**Opens** {opening}"));
    }
    if decision.verdict != Verdict::Allow && finding::standing(decision, Standing::Blocks).is_empty() {
        paragraphs.push(format!("**In the way** {}", phrase::unexplained(decision.verdict)));
    }
    format!("{}\n\n", paragraphs.join("\n\n"))
}

/// Each override and each notice of one as an alert, which GitHub shows in a colour of its own.
fn exceptions(decision: &Decision) -> Vec<String> {
    let alert = |entry: Entry| {
        let (headline, place) = (escape::markdown(&entry.headline), escape::markdown_code(&entry.place));
        let lines = entry.details.iter().map(|line| escape::markdown(line)).chain([place]);
        let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
        format!("> [!WARNING]\n> **{headline}**<br>{}\n\n", lines.join("<br>"))
    };
    overrides::in_force(decision).into_iter().chain(overrides::notices(decision)).map(alert).collect()
}

/// The head and the rows: what blocks first, what passed last.
fn table(decision: &Decision) -> Vec<String> {
    let mut findings: Vec<&Finding> = decision.findings.iter().collect();
    if findings.is_empty() {
        return Vec::new();
    }
    findings.sort_by_key(|finding| Standing::of(finding));
    let rows = findings.into_iter().map(|finding| row(decision, finding));
    std::iter::once(TABLE_HEAD.to_owned()).chain(rows).collect()
}

fn row(decision: &Decision, finding: &Finding) -> String {
    let symbol = match Standing::of(finding) {
        Standing::Blocks => finding.verdict().map_or("?", phrase::symbol),
        Standing::Overridden | Standing::Warns | Standing::DryRun => "!",
        Standing::Skipped => "-",
        Standing::Passed => "✓",
    };
    let opens = finding.opens_at.map(|time| phrase::instant_from(time, decision.as_of)).unwrap_or_default();
    let says = if finding.message.is_empty() { String::new() } else { escape::markdown(&finding::message(finding)) };
    let (rule, outcome) = (name(finding), finding::outcome(finding));
    format!("| {symbol} | {rule} | {outcome} | {says} | {opens} |\n")
}

/// The title, and the rule's id in code.
fn name(finding: &Finding) -> String {
    let (title, rule) = (finding::title(finding), finding::rule(finding));
    let code = escape::markdown_code(&rule);
    if title == rule { code } else { format!("{}<br>{code}", escape::markdown(&title)) }
}

fn ways_to_open(decision: &Decision) -> Vec<String> {
    let blocking = finding::standing(decision, Standing::Blocks);
    let ways = blocking.iter().filter_map(|finding| {
        let remediation = finding::remediation(finding);
        let rule = escape::markdown_code(&finding::rule(finding));
        (!remediation.is_empty()).then(|| format!("- {rule}: {}\n", escape::markdown(&remediation)))
    });
    let ways: Vec<String> = ways.collect();
    if ways.is_empty() {
        return Vec::new();
    }
    std::iter::once("\n### How to open it\n\n".to_owned()).chain(ways).collect()
}

fn footer(decision: &Decision) -> String {
    let mut lines: Vec<String> = decision
        .snapshot
        .sources
        .iter()
        .map(|source| format!("Records: {}", escape::markdown(&text::source_line(source, decision))))
        .collect();
    lines.extend(plugins::lines(decision).iter().map(|line| format!("Plugin: {}", escape::markdown(line))));
    let id = escape::markdown_code(&escape::line(&decision.id, NAME_LIMIT));
    let policies = escape::markdown_code(&decision.policies_digest.short());
    let (as_of, version) = (phrase::instant(decision.as_of), decision.holdpoint_version);
    lines.push(format!("Policies {policies}, decision {id}, as of {as_of}, holdpoint {version}"));
    // The blank line ends a table or a list; there is one already behind a heading alone.
    let gap = if decision.findings.is_empty() { "" } else { "\n" };
    format!("{gap}<sub>{}</sub>\n\n", lines.join("<br>"))
}
