//! The words of the promotion map, the same in every format.

use jiff::Timestamp;

use crate::domain::promotion::{Slot, SlotState, Stage};

use super::escape::{self, MESSAGE_LIMIT};
use super::phrase;

/// What stands beside a slot that runs the artifact asked about.
pub(super) const MARK: &str = "●";
/// What [`MARK`] means.
pub(super) const LEGEND: &str = "● this artifact";

/// The digest of what runs in a slot, short, and its version; nothing where nothing runs.
pub(super) fn runs(slot: &Slot, limit: usize) -> [String; 2] {
    let Some(artifact) = &slot.artifact else { return [String::new(), String::new()] };
    [phrase::digest(artifact, limit), escape::line(&artifact.version, limit)]
}

/// Since when it runs there, or why nothing can be said of that. In short, without the date.
pub(super) fn since(slot: &Slot, as_of: Timestamp, short: bool) -> String {
    match (slot.state, slot.since) {
        (SlotState::Empty, _) => "not deployed".to_owned(),
        (SlotState::Unknown, _) => "not known".to_owned(),
        (SlotState::Deployed, None) => "since an unknown time".to_owned(),
        (SlotState::Deployed, Some(time)) if short => phrase::relative(time, as_of),
        (SlotState::Deployed, Some(time)) => format!("since {}", phrase::instant_from(time, as_of)),
    }
}

/// What to say beneath the slots of a stage, of which so many are not shown.
pub(super) fn notes(stage: &Stage, unshown: usize) -> Vec<String> {
    let doubt = if stage.slots.is_empty() { "not known" } else { "not certain" };
    let problem = stage.problem.as_deref().map(|problem| format!("{doubt}: {}", escape::line(problem, MESSAGE_LIMIT)));
    let more = match stage.not_listed.unwrap_or_default() + unshown {
        0 => None,
        1 => Some("and 1 more deployment".to_owned()),
        more => Some(format!("and {more} more deployments")),
    };
    problem.into_iter().chain(more).collect()
}
