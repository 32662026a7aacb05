//! `with` replaces what a decision rests on. Tests need that; a policy that does it answers another question.

use super::PolicyFault;
use super::program::{Part, Program, fault, shown};
use super::walk::{Here, Mention, Visitor};
use regorus::unstable::{Expr, Ref, WithModifier};
use std::collections::BTreeSet;

/// The evidence of all rules that are no tests.
pub(super) struct Mocks {
    /// The rules of which all definitions are tests.
    tests: BTreeSet<String>,
    pub(super) faults: Vec<PolicyFault>,
}

impl Mocks {
    pub(super) fn new(program: &Program<'_>) -> Self {
        let (tests, others): (Vec<_>, Vec<_>) = program.definitions.iter().partition(|definition| definition.test);
        let mut tests: BTreeSet<String> = tests.iter().map(|test| test.shown()).collect();
        if !tests.is_empty() {
            let others: BTreeSet<String> = others.iter().map(|other| other.shown()).collect();
            tests.retain(|test| !others.contains(test));
        }
        Self { tests, faults: Vec::new() }
    }

    /// A rule that uses a test would be as free as the test.
    fn no_test(&mut self, mention: &Mention<'_>, here: &Here<'_, '_>) {
        if self.tests.is_empty() || here.definition.test {
            return;
        }
        let Some(full) = &mention.full else { return };
        for length in 2..=full.len() {
            let rule = shown(full.get(1..length).unwrap_or_default());
            if self.tests.contains(&rule) {
                let message = format!("`{}` uses the test `{rule}`", here.definition.shown());
                let hint = "move what both need into a rule that is no test";
                self.faults.push(fault(mention.expression.span(), "uses_a_test", message, hint));
            }
        }
    }
}

impl Visitor for Mocks {
    fn reference(&mut self, read: &Mention<'_>, here: &Here<'_, '_>) {
        self.no_test(read, here);
    }

    fn call(&mut self, called: &Mention<'_>, _arguments: &[Ref<Expr>], _statement: bool, here: &Here<'_, '_>) {
        self.no_test(called, here);
    }

    fn with(&mut self, with: &WithModifier, here: &Here<'_, '_>) {
        let target = here.called(&with.refr);
        let Some(path) = target.full.or(target.written).filter(|_path| !here.definition.test) else { return };
        let names: Vec<&str> = path
            .iter()
            .map(|part| match part {
                Part::Name(name) => name.as_str(),
                Part::Any => "_",
            })
            .collect();
        let evidence = matches!(names.as_slice(), ["input", ..] | ["data"] | ["data", "holdpoint", ..])
            || names == ["time", "now_ns"];
        if evidence {
            let message = format!("`with {}` replaces what the decision rests on", with.refr.span().text());
            let hint = "only tests may do that: rules named `test_…`, or packages named `…_test`";
            self.faults.push(fault(&with.span, "replaces_evidence", message, hint));
        }
    }
}
