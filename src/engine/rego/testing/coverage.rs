//! Which lines of the policies were reached.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Engine;

use crate::domain::policy_test::{Coverage, FileCoverage};

use super::super::analysis::Lines;

/// Lines that were evaluated, by file.
pub(super) type Reached = BTreeMap<String, BTreeSet<u32>>;

/// What the engine has evaluated. A file of which it evaluated nothing is not there.
pub(super) fn of(engine: &Engine) -> Reached {
    let files = engine.get_coverage_report().map(|report| report.files).unwrap_or_default();
    files.into_iter().map(|file| (file.path, file.covered)).collect()
}

/// Sets the lines that were reached against those that are there.
pub(super) fn merge(files: BTreeMap<String, Lines>, reached: &Reached) -> Coverage {
    let nothing = BTreeSet::new();
    let file = |(path, lines): (String, Lines)| {
        let reached = reached.get(&path).unwrap_or(&nothing);
        let (covered, not_covered): (Vec<_>, Vec<_>) =
            lines.into_iter().partition(|(_first, all)| !all.is_disjoint(reached));
        let first = |lines: Vec<(u32, BTreeSet<u32>)>| lines.into_iter().map(|(first, _all)| first).collect();
        FileCoverage { path, covered: first(covered), not_covered: first(not_covered) }
    };
    Coverage { files: files.into_iter().map(file).filter(|file| file.lines().total() > 0).collect() }
}
