//! Outputs of a step of GitHub Actions, as lines for the file that `GITHUB_OUTPUT` names.
//!
//! Each output but the reason is one word of holdpoint's own. The reason is text from outside: it is one line, and stands
//! between delimiters that nobody who writes it can know, since they come from the decision's random id.

use sha2::{Digest as _, Sha256};

use crate::domain::decision::{Decision, Decisions};
use crate::domain::digest::Digest;
use crate::domain::text::cut;
use crate::domain::verdict::Verdict;

use super::finding::{self, Standing};
use super::{escape, phrase};

/// The longest reason, in characters.
const REASON_LIMIT: usize = 1_024;

/// The outputs of one step, combined over all artifacts.
pub(super) fn render(decisions: &Decisions) -> String {
    let first = decisions.0.first();
    let opens_at = decisions.opens_at().map(|time| time.to_string()).unwrap_or_default();
    let policies = first.map(|decision| decision.policies_digest.to_string()).unwrap_or_default();
    let records = first.and_then(records_digest).map(|digest| digest.to_string()).unwrap_or_default();
    let reason = reason(decisions);
    let delimiter = delimiter(decisions, &reason);
    format!(
        "verdict={}\nreason<<{delimiter}\n{reason}\n{delimiter}\nopens-at={opens_at}\npolicies-digest={policies}\n\
         records-digest={records}\n",
        decisions.verdict()
    )
}

/// Why it is not an allow: what the first finding says that leads to the combined verdict. Empty for an allow.
fn reason(decisions: &Decisions) -> String {
    let verdict = decisions.verdict();
    if verdict == Verdict::Allow {
        return String::new();
    }
    let blocking = finding::all_standing(decisions, Standing::Blocks);
    let leading = blocking.iter().find(|(_, finding)| finding.verdict() == Some(verdict)).or(blocking.first());
    let reason =
        leading.map_or_else(|| phrase::unexplained(verdict).to_owned(), |(_, found)| finding::message_line(found));
    // What is made harmless may be longer than it was.
    let reason = escape::inert(&reason);
    if reason.chars().nth(REASON_LIMIT).is_none() { reason } else { cut(&reason, REASON_LIMIT - 1) }
}

/// The digest of the records: that of the source, or of the lines `name digest` of several.
fn records_digest(decision: &Decision) -> Option<Digest> {
    match decision.snapshot.sources.as_slice() {
        [source] => source.digest,
        sources => {
            let line = |digest: Option<Digest>, name: &str| Some(format!("{name} {}\n", digest?));
            let lines =
                sources.iter().map(|source| line(source.digest, &source.name)).collect::<Option<Vec<String>>>()?;
            (!lines.is_empty()).then(|| Digest::from_bytes(Sha256::digest(lines.concat()).into()))
        }
    }
}

/// A line that the reason is not.
fn delimiter(decisions: &Decisions, reason: &str) -> String {
    let mut hash = Sha256::new();
    decisions.0.iter().for_each(|decision| hash.update(&decision.id));
    hash.update(reason);
    let digest = Digest::from_bytes(hash.finalize().into());
    format!("holdpoint-{}", digest.to_string().trim_start_matches("sha256:"))
}
