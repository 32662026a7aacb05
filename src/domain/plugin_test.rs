//! Tests of plugins: what a case expects, what came of it, and how far the cases reach.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::verdict::Verdict;

/// What came of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginTestReport {
    /// By file.
    pub cases: Vec<CaseResult>,
    /// From finding the cases to the last one.
    pub duration: Duration,
}

/// One case.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseResult {
    /// The file.
    pub path: String,
    /// What it is about; empty when it could not be read. Untrusted text.
    pub title: String,
    /// The component; empty when none was found.
    pub component: String,
    /// What came of it.
    pub outcome: CaseOutcome,
    /// What the plugin said.
    pub said: Option<Said>,
    /// What the plugin wrote to its log, where that was asked for. Untrusted text.
    pub log: Vec<String>,
    /// What `--update` wrote into the file.
    pub updated: bool,
    /// How long the evaluation took.
    pub duration: Duration,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseOutcome {
    /// All is as expected.
    Passed,
    /// Something else came.
    Failed(Vec<Difference>),
    /// It could not be evaluated: why, and after a line break what to do about it.
    Errored(String),
}

/// One thing that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is about, such as `verdict`.
    pub what: &'static str,
    /// What was expected; `None` when nothing was.
    pub expected: Option<String>,
    /// What came; `None` when nothing did.
    pub got: Option<String>,
}

/// How a finding is in the way, or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objection {
    /// It denies.
    Denied,
    /// It holds.
    Held,
    /// It warns.
    Warned,
}

/// One finding, expected or said. What is left out of an expected one may be anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFinding {
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Objection>,
    /// Its code.
    pub code: String,
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
}

/// What a case expects, and in the same form what the plugin said. What is left out may be anything, but for
/// `skipped` and `parameters_refused`: those have to be expected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The findings, in any order; an empty list expects none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<CaseFinding>>,
    /// Why the plugin does not apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// The code of its failure, such as `plugin_timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is wrong with the parameters; then nothing is evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters_refused: Option<Vec<String>>,
}

impl Said {
    /// How `said` differs from what is expected.
    #[must_use]
    pub fn differences(&self, said: &Self) -> Vec<Difference> {
        let text = |verdict: &Option<Verdict>| verdict.map(|verdict| verdict.to_string());
        let lines = |refused: &Option<Vec<String>>| refused.as_ref().map(|texts| texts.join("\n"));
        let mut differences = Vec::new();
        let mut compare = |what, expected: Option<String>, got: Option<String>| {
            if expected != got {
                differences.push(Difference { what, expected, got });
            }
        };
        compare("parameters_refused", lines(&self.parameters_refused), lines(&said.parameters_refused));
        compare("skipped", self.skipped.clone(), said.skipped.clone());
        if self.verdict.is_some() {
            compare("verdict", text(&self.verdict), text(&said.verdict));
        }
        if self.code.is_some() {
            compare("code", self.code.clone(), said.code.clone());
        }
        if let Some(expected) = &self.findings {
            differences.extend(unmatched(expected, said.findings.as_deref().unwrap_or_default()));
        }
        differences
    }
}

/// Expected findings that nothing matches and findings that nobody expected, those of one code beside each other.
fn unmatched(expected: &[CaseFinding], said: &[CaseFinding]) -> Vec<Difference> {
    let mut left: Vec<&CaseFinding> = said.iter().collect();
    let mut missing: Vec<&CaseFinding> = Vec::new();
    // What says most is matched first: what says less may match what is left.
    let mut wanted: Vec<&CaseFinding> = expected.iter().collect();
    wanted.sort_by_key(|finding| std::cmp::Reverse(finding.detail()));
    for finding in wanted {
        match left.iter().position(|one| finding.matches(one)) {
            Some(position) => drop(left.remove(position)),
            None => missing.push(finding),
        }
    }
    let mut differences = Vec::new();
    for finding in missing {
        let alike = left.iter().position(|one| one.code == finding.code);
        let got = alike.map(|position| left.remove(position).to_string());
        differences.push(Difference { what: "finding", expected: Some(finding.to_string()), got });
    }
    let unexpected =
        |finding: &CaseFinding| Difference { what: "finding", expected: None, got: Some(finding.to_string()) };
    differences.extend(left.into_iter().map(unexpected));
    differences
}

impl CaseFinding {
    /// Whether this expectation is met.
    fn matches(&self, said: &Self) -> bool {
        self.code == said.code
            && self.outcome.is_none_or(|outcome| said.outcome == Some(outcome))
            && self.message.as_ref().is_none_or(|message| said.message.as_ref() == Some(message))
            && self.opens_at.is_none_or(|opens_at| said.opens_at == Some(opens_at))
    }

    /// How much it says.
    fn detail(&self) -> usize {
        usize::from(self.outcome.is_some()) + usize::from(self.message.is_some()) + usize::from(self.opens_at.is_some())
    }
}

impl std::fmt::Display for CaseFinding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(outcome) = self.outcome {
            write!(formatter, "{} ", outcome.as_str())?;
        }
        write!(formatter, "`{}`", self.code)?;
        if let Some(opens_at) = self.opens_at {
            write!(formatter, ", opens at {opens_at}")?;
        }
        match &self.message {
            Some(message) => write!(formatter, ": {message}"),
            None => Ok(()),
        }
    }
}

impl Objection {
    /// The word of case files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Held => "held",
            Self::Warned => "warned",
        }
    }
}

/// How many cases came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CaseCounts {
    /// All of them.
    pub total: usize,
    /// As expected.
    pub passed: usize,
    /// Otherwise.
    pub failed: usize,
    /// Could not be evaluated.
    pub errored: usize,
}

impl PluginTestReport {
    /// Counts the cases by outcome.
    #[must_use]
    pub fn counts(&self) -> CaseCounts {
        let mut counts = CaseCounts { total: self.cases.len(), ..CaseCounts::default() };
        for case in &self.cases {
            let count = match case.outcome {
                CaseOutcome::Passed => &mut counts.passed,
                CaseOutcome::Failed(_) => &mut counts.failed,
                CaseOutcome::Errored(_) => &mut counts.errored,
            };
            *count += 1;
        }
        counts
    }

    /// Whether there are cases, and all passed.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let counts = self.counts();
        counts.passed > 0 && counts.passed == counts.total
    }

    /// What the cases of each component reach.
    #[must_use]
    pub fn reach(&self) -> BTreeMap<&str, Reach> {
        let mut all: BTreeMap<&str, Reach> = BTreeMap::new();
        for case in &self.cases {
            let Some(said) = &case.said else { continue };
            all.entry(&case.component).or_default().add(said);
        }
        all
    }
}

/// What may come of an evaluation, or of the parameters.
pub const REACHABLE: [&str; 7] = ["allow", "deny", "hold", "warn", "skip", "undecided", "refused"];

/// What the cases of one component reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// How many cases come to each of [`REACHABLE`]; one with a warning counts twice.
    pub outcomes: BTreeMap<&'static str, usize>,
    /// The codes of findings and failures.
    pub codes: BTreeSet<String>,
}

impl Reach {
    fn add(&mut self, said: &Said) {
        let findings = said.findings.as_deref().unwrap_or_default();
        let mut reached = Vec::new();
        if said.parameters_refused.is_some() {
            reached.push("refused");
        } else if said.skipped.is_some() {
            reached.push("skip");
        } else if let Some(verdict) = said.verdict {
            reached.push(verdict.as_str());
        }
        if findings.iter().any(|finding| finding.outcome == Some(Objection::Warned)) {
            reached.push("warn");
        }
        for outcome in reached {
            *self.outcomes.entry(outcome).or_default() += 1;
        }
        self.codes.extend(findings.iter().map(|finding| finding.code.clone()).chain(said.code.clone()));
    }

    /// Whether a case is denied or held: one that never is does not show that the rule is in anybody's way.
    #[must_use]
    pub fn objects(&self) -> bool {
        ["deny", "hold"].iter().any(|outcome| self.outcomes.contains_key(outcome))
    }
}

#[cfg(test)]
mod tests;
