//! Tests of policies: what came of each, and which lines of the policies they reached.

use std::time::Duration;

use super::finding::Location;

/// What came of one run of tests.
#[derive(Clone, Debug, PartialEq)]
pub struct TestReport {
    /// By file and line.
    pub tests: Vec<PolicyTest>,
    /// Which lines were reached, when that was asked for.
    pub coverage: Option<Coverage>,
    /// From loading the policies to the last test.
    pub duration: Duration,
}

/// One rule that is a test.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyTest {
    /// The Rego package, without `data.`.
    pub package: String,
    /// The rule's name in the package; the second rule of one name is `name#01`, as in OPA.
    pub name: String,
    /// Where the rule begins.
    pub location: Location,
    /// The column there, from 1.
    pub column: u32,
    /// What came of it.
    pub outcome: TestOutcome,
    /// The cases of a test with parameters, `test_name[case] if …`; empty for others.
    pub cases: Vec<TestCase>,
    /// What it printed, a line each.
    pub prints: Vec<String>,
    /// How long it ran.
    pub duration: Duration,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum TestOutcome {
    /// It is `true`, and so is every case.
    Passed,
    /// It, or a case of it, is not `true`.
    Failed(Failure),
    /// It could not be evaluated.
    Errored(Failure),
    /// It is named `todo_…`, and was not run.
    ToDo,
}

/// One case of a test with parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct TestCase {
    /// The values between the brackets of `test_name[a][b]`, as texts.
    pub name: Vec<String>,
    /// Why it failed; none when it passed.
    pub failure: Option<Failure>,
}

/// Why a test failed, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// What was found.
    pub message: String,
    /// The place in the policies, when it is known.
    pub location: Option<Location>,
    /// What is written there.
    pub source: String,
    /// What parts of it came to, each with a name such as `left`.
    pub values: Vec<(&'static str, String)>,
}

/// How many tests came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestCounts {
    /// All of them.
    pub total: usize,
    /// Are `true`.
    pub passed: usize,
    /// Are not.
    pub failed: usize,
    /// Could not be evaluated.
    pub errored: usize,
    /// Were not run.
    pub to_do: usize,
}

impl TestReport {
    /// Counts the tests by outcome.
    #[must_use]
    pub fn counts(&self) -> TestCounts {
        let mut counts = TestCounts { total: self.tests.len(), ..TestCounts::default() };
        for test in &self.tests {
            let count = match test.outcome {
                TestOutcome::Passed => &mut counts.passed,
                TestOutcome::Failed(_) => &mut counts.failed,
                TestOutcome::Errored(_) => &mut counts.errored,
                TestOutcome::ToDo => &mut counts.to_do,
            };
            *count += 1;
        }
        counts
    }

    /// Whether no test failed, at least one passed, and the coverage is not below this percentage.
    #[must_use]
    pub fn is_good(&self, threshold: Option<f64>) -> bool {
        let counts = self.counts();
        let covered = self.coverage.as_ref().map_or(0.0, |coverage| coverage.lines().percent());
        counts.passed > 0 && counts.failed == 0 && counts.errored == 0 && threshold.is_none_or(|least| covered >= least)
    }
}

/// Which lines of the policies the tests reached. Tests themselves do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// By path.
    pub files: Vec<FileCoverage>,
}

/// Lines of one policy file, from 1: those on which a statement or the value of a rule begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCoverage {
    /// The file as it was loaded.
    pub path: String,
    /// Evaluated at least once, in order.
    pub covered: Vec<u32>,
    /// Never evaluated, in order.
    pub not_covered: Vec<u32>,
}

/// A number of lines, and how many of them were evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// Evaluated at least once.
    pub covered: usize,
    /// Never evaluated.
    pub not_covered: usize,
}

impl Coverage {
    /// The lines of all files.
    #[must_use]
    pub fn lines(&self) -> LineCounts {
        self.files.iter().map(FileCoverage::lines).fold(LineCounts::default(), |sum, file| LineCounts {
            covered: sum.covered + file.covered,
            not_covered: sum.not_covered + file.not_covered,
        })
    }
}

impl FileCoverage {
    /// How many lines.
    #[must_use]
    pub const fn lines(&self) -> LineCounts {
        LineCounts { covered: self.covered.len(), not_covered: self.not_covered.len() }
    }
}

impl LineCounts {
    /// All lines.
    #[must_use]
    pub const fn total(self) -> usize {
        self.covered + self.not_covered
    }

    /// How many of a hundred lines are covered, rounded down to two decimals so that 100 means all; 0 without lines.
    #[must_use]
    pub fn percent(self) -> f64 {
        let hundredths = (self.covered * 10_000).checked_div(self.total()).unwrap_or(0);
        u32::try_from(hundredths).map_or(0.0, |hundredths| f64::from(hundredths) / 100.0)
    }
}
