//! Reading overrides: files that belong to an operator, and not to the pipeline that asks.
//!
//! Nothing that is wrong with them stops the gate, and nothing that is wrong applies: each problem becomes a notice
//! that every decision shows.

mod check;
mod files;
mod raw;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::OverrideConfig;
use super::error::Problem;
use super::yaml;
use crate::domain::finding::Location;
use crate::domain::overrides::{Override, OverrideNotice, Overrides};
use raw::RawOverrides;

/// Overrides of one file.
const MOST_IN_FILE: usize = 100;

/// Reads all files of the configured places. `read_at` is the instant it is now.
#[must_use]
pub fn read(config: &OverrideConfig, read_at: Timestamp) -> Overrides {
    let mut faults = Vec::new();
    let mut all = Vec::new();
    for path in files::find(&config.paths, &mut faults) {
        match files::text(&path) {
            Ok(text) => from_text(&text, &path, config.require_ticket, &mut all, &mut faults),
            Err(problem) => faults.push(notice("override_unreadable", &path, problem)),
        }
    }
    let all = with_ids_of_their_own(all, &mut faults);
    // A duration that is too long for the one type is for the other too: ten years at most.
    let longest = SignedDuration::try_from(config.longest).unwrap_or_default();
    Overrides { all, faults, longest, read_at }
}

/// Reads the text of one file: one override or a list of them. What is wrong with one does not touch the others.
fn from_text(text: &str, path: &Path, require_ticket: bool, all: &mut Vec<Override>, faults: &mut Vec<OverrideNotice>) {
    let mut fault = |problem| faults.push(notice("override_malformed", path, problem));
    let raw: RawOverrides = match yaml::parse(text) {
        Ok(raw) => raw,
        Err(problem) => return fault(problem),
    };
    if raw.0.len() > MOST_IN_FILE {
        let message = format!("the file has {} overrides, at most {MOST_IN_FILE}; none of them applies", raw.0.len());
        return fault(Problem::new(super::located::Place::START, message).hint("split it, or remove what has ended"));
    }
    let single = raw.0.len() == 1;
    for (number, entry) in (1..).zip(raw.0) {
        let file = path.display().to_string();
        let id = if single { file } else { format!("{file}#{number}") };
        match check::check(&entry, id, path, require_ticket) {
            Ok(exception) => all.push(exception),
            Err(refusals) => {
                faults.extend(refusals.into_iter().map(|refusal| notice(refusal.code, path, refusal.problem)));
            }
        }
    }
}

/// An id is what a decision names. Of those that share one and say the same the first stays; of others none, since
/// nobody could tell which of them was meant.
fn with_ids_of_their_own(all: Vec<Override>, faults: &mut Vec<OverrideNotice>) -> Vec<Override> {
    let mut first: BTreeMap<String, Override> = BTreeMap::new();
    let mut ambiguous = BTreeSet::new();
    let mut ids = Vec::new();
    for exception in all {
        let Some(known) = first.get(&exception.id) else {
            ids.push(exception.id.clone());
            first.insert(exception.id.clone(), exception);
            continue;
        };
        let same = Override { location: known.location.clone(), ..exception.clone() } == *known;
        let message = if same {
            format!("override `{}` is written twice; this one is left out", exception.id)
        } else {
            ambiguous.insert(exception.id.clone());
            format!("two overrides have the id `{}` and differ; neither applies", exception.id)
        };
        faults.push(OverrideNotice {
            code: "override_duplicate",
            message,
            remediation: format!("keep one; the other is at {}:{}", known.location.path, known.location.line),
            location: Some(exception.location),
        });
    }
    ids.retain(|id| !ambiguous.contains(id));
    ids.iter().filter_map(|id| first.remove(id)).collect()
}

fn notice(code: &'static str, path: &Path, problem: Problem) -> OverrideNotice {
    OverrideNotice {
        code,
        message: format!("an override does not apply: {}", problem.message),
        remediation: problem.hint.unwrap_or_else(|| "correct the file".to_owned()),
        location: Some(location(path, problem.place.line)),
    }
}

fn location(path: &Path, line: usize) -> Location {
    Location { path: path.display().to_string(), line: u32::try_from(line).unwrap_or(0).max(1) }
}

#[cfg(test)]
mod tests;
