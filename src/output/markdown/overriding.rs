//! How to let it go all the same: the override that would, for somebody who may answer for it.

use std::collections::BTreeSet;

use crate::domain::decision::Decision;
use crate::domain::finding::{Finding, Outcome};
use crate::output::escape::NAME_LIMIT;
use crate::output::finding::{self, Standing};
use crate::output::json;

/// The most rules that are written out.
const RULE_LIMIT: usize = 20;

const NONE_HELPS: &str = "\n### How to override\n\n**No override helps here:** something could not be evaluated, and an \
                          override answers for an objection, never for missing evidence.\n";

/// An override to copy, when all that is in the way may be overridden, or that none would help. Nothing for an allow.
pub(super) fn how(decision: &Decision) -> Option<String> {
    let blocking = finding::standing(decision, Standing::Blocks);
    if blocking.is_empty() {
        return None;
    }
    if !blocking.iter().all(|finding| objects(finding)) {
        return Some(NONE_HELPS.to_owned());
    }
    let rules: BTreeSet<&str> = blocking.iter().map(|finding| finding.rule.as_str()).collect();
    let environment = decision.request.environment.as_str();
    if rules.len() > RULE_LIMIT || rules.iter().chain([&environment]).any(|name| name.chars().nth(NAME_LIMIT).is_some())
    {
        return None;
    }
    let rules: Vec<String> = rules.into_iter().map(json::string).collect();
    Some(format!(
        "\n### How to override\n\n**If it has to go now**, somebody who may answer for it adds a file like this where the \
         configuration looks for `overrides`, and asks again:\n\n```yaml\nversion: 1\ndigest: {}\nenvironment: {}\nrules: \
         [{}]\nreason: \"why it cannot wait\"\nactor: \"who answers for it\"\ncreated_at: {}\nexpires_at: \"the end: an \
         instant, soon\"\n```\n",
        decision.request.artifact.digest,
        json::string(environment),
        rules.join(", "),
        decision.as_of,
    ))
}

/// Whether a rule was evaluated and objects, which an override can answer for.
fn objects(finding: &Finding) -> bool {
    finding.is_of_rule() && matches!(finding.outcome, Outcome::Denied | Outcome::Held)
}
