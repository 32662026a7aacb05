//! `with` replaces what a decision rests on. Tests need that; a policy that does it answers another question.

use super::PolicyFault;
use super::program::{Definition, Part, Program, fault, parts, shown};
use super::walk::{self, Scopes, Visitor};
use regorus::unstable::{Expr, WithModifier};
use std::collections::BTreeSet;

pub(super) fn check(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    let (tests, others): (Vec<_>, Vec<_>) = program.definitions.iter().partition(|definition| definition.test);
    let mut tests: BTreeSet<String> = tests.iter().map(|test| test.shown()).collect();
    if !tests.is_empty() {
        let others: BTreeSet<String> = others.iter().map(|other| other.shown()).collect();
        tests.retain(|test| !others.contains(test));
    }
    for definition in others {
        walk::rule(
            definition.rule,
            &mut Mocks { program, tests: &tests, package: &definition.home, definition, faults },
        );
    }
}

struct Mocks<'check, 'policy> {
    program: &'check Program<'policy>,
    /// The rules of which all definitions are tests.
    tests: &'check BTreeSet<String>,
    package: &'check [String],
    definition: &'check Definition<'policy>,
    faults: &'check mut Vec<PolicyFault>,
}

impl Mocks<'_, '_> {
    /// A rule that uses a test would be as free as the test.
    fn no_test(&mut self, expression: &Expr, scopes: &Scopes<'_>) {
        if self.tests.is_empty() {
            return;
        }
        let Some(path) = parts(expression) else { return };
        if matches!(path.first(), Some(Part::Name(root)) if walk::is_local(scopes, root)) {
            return;
        }
        let full = self.program.resolve(self.package, &path).unwrap_or_default();
        for length in 2..=full.len() {
            let rule = shown(full.get(1..length).unwrap_or_default());
            if self.tests.contains(&rule) {
                let message = format!("`{}` uses the test `{rule}`", self.definition.shown());
                let hint = "move what both need into a rule that is no test";
                self.faults.push(fault(expression.span(), "uses_a_test", message, hint));
            }
        }
    }
}

impl Visitor for Mocks<'_, '_> {
    fn reference(&mut self, expression: &Expr, scopes: &Scopes<'_>) {
        self.no_test(expression, scopes);
    }

    fn call(&mut self, function: &Expr, _arguments: usize, _statement: bool, _scopes: &Scopes<'_>) {
        self.no_test(function, &Vec::new());
    }

    fn with(&mut self, with: &WithModifier, _scopes: &Scopes<'_>) {
        let Some(path) = parts(&with.refr) else { return };
        let full = self.program.resolve(self.package, &path).unwrap_or(path);
        let names: Vec<&str> = full
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
