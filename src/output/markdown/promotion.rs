//! The promotion map as a table.

use crate::domain::decision::Decision;
use crate::domain::promotion::{Slot, Stage};
use crate::output::escape::{self, NAME_LIMIT};
use crate::output::promotion::{notes, runs, since};

const TABLE_HEAD: &str =
    "\n### Promotion\n\n| Environment | Target | Deployment | Runs | Since |\n| --- | --- | --- | --- | --- |\n";

/// The head and the rows; nothing when the decision has no map.
pub(super) fn map(decision: &Decision) -> Vec<String> {
    if decision.promotion.is_empty() {
        return Vec::new();
    }
    let rows = decision.promotion.iter().flat_map(|stage| rows(decision, stage));
    std::iter::once(TABLE_HEAD.to_owned()).chain(rows).collect()
}

fn rows(decision: &Decision, stage: &Stage) -> Vec<String> {
    let environment = escape::markdown(&escape::line(&stage.environment, NAME_LIMIT));
    let slots = stage.slots.iter().map(|slot| {
        let name = |text: &str| escape::markdown_code(&escape::line(text, NAME_LIMIT));
        let deployment = slot.deployment_name.as_deref().map(name).unwrap_or_default();
        let since = since(slot, decision.as_of, false);
        format!("| {environment} | {} | {deployment} | {} | {since} |\n", name(&slot.target), artifact(slot))
    });
    let notes =
        notes(stage, 0).into_iter().map(|note| format!("| {environment} | | | {} | |\n", escape::markdown(&note)));
    slots.chain(notes).collect()
}

fn artifact(slot: &Slot) -> String {
    let [digest, version] = runs(slot, NAME_LIMIT);
    let what = [escape::markdown_code(&digest), escape::markdown(&version)];
    let what: Vec<String> = what.into_iter().filter(|text| !text.is_empty()).collect();
    let mark = if slot.requested { "**this artifact** " } else { "" };
    format!("{mark}{}", what.join(" "))
}
