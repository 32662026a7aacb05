//! Why a test is undefined: the first statement after which nothing is left.

use std::time::Duration;

use regorus::{Engine, Value};

use crate::domain::finding::Location;
use crate::domain::policy_test::Failure;

use super::super::analysis::{Expression, Statement, TestKind, TestRule};
use super::super::builtins;
use super::super::worker::{self, GRACE};
use super::probe::{self, Probe, beginning};
use super::term;

/// Values of one expression that are shown; it has several when the test iterates.
const VALUES: usize = 3;

/// Evaluates the test, or one of its cases, statement by statement. None when it cannot be told.
pub(super) fn why(
    engine: &Engine,
    rule: &TestRule,
    case: Option<&Value>,
    timeout: Duration,
    as_of: i64,
) -> Option<Failure> {
    if rule.statements.is_empty() {
        return None;
    }
    let (engine, rule) = (engine.clone(), rule.clone());
    let case = case.map(Value::to_string);
    let look = move || builtins::at_instant(as_of, || Looking { engine, rule: &rule, case }.look());
    worker::within(timeout.saturating_add(GRACE), look).ok()?
}

struct Looking<'a> {
    engine: Engine,
    rule: &'a TestRule,
    /// The keys of the case, as an array of Rego.
    case: Option<String>,
}

impl Looking<'_> {
    fn look(&self) -> Option<Failure> {
        let reached: Vec<String> =
            (1..=self.rule.statements.len()).map(|length| format!("[1 | {}]", self.beginning(length))).collect();
        let probe = Probe::new(self.rule, "reached", &reached);
        let mut engine = probe::beside(&self.engine, [&probe])?;
        for (number, (statement, path)) in self.rule.statements.iter().zip(probe.paths).enumerate() {
            let left = engine.eval_rule(path).ok()?;
            if matches!(&left, Value::Array(left) if left.is_empty()) {
                return Some(self.failure(number, statement));
            }
        }
        None
    }

    /// The first statements, for this case only once it is known which it is.
    fn beginning(&self, length: usize) -> String {
        let statements = beginning(self.rule, length);
        match (&self.rule.kind, &self.case) {
            (TestKind::Cases { keys, bound_by }, Some(case)) if length >= *bound_by => {
                format!("{statements};\n[{}] == {case}", keys.join(", "))
            }
            _ => statements,
        }
    }

    fn failure(&self, number: usize, statement: &Statement) -> Failure {
        Failure {
            message: "this is not true".to_owned(),
            location: Some(Location { path: self.rule.file.clone(), line: statement.line }),
            source: statement.text.clone(),
            values: self.values(number, statement).unwrap_or_default(),
        }
    }

    /// What the parts of the statement came to, but for those that are written there.
    fn values(&self, number: usize, statement: &Statement) -> Option<Vec<(&'static str, String)>> {
        let before = self.beginning(number);
        let part = |part: &Expression| format!("[holdpoint_value | {before};\nholdpoint_value := {}]", part.evaluated);
        let parts: Vec<String> = statement.parts.iter().map(part).collect();
        let probe = Probe::new(self.rule, "part", &parts);
        let mut engine = probe::beside(&self.engine, [&probe])?;
        let mut values = Vec::new();
        for (part, path) in statement.parts.iter().zip(probe.paths) {
            let value = engine.eval_rule(path).ok()?;
            let Value::Array(found) = &value else { return None };
            let mut shown: Vec<String> = found.iter().map(term::shown).collect();
            shown.dedup();
            let more = shown.len().saturating_sub(VALUES);
            shown.truncate(VALUES);
            let text = match shown.as_slice() {
                [] => "undefined".to_owned(),
                _ if more > 0 => format!("{} or {more} more", shown.join(" or ")),
                _ => shown.join(" or "),
            };
            if text != part.text {
                values.push((part.name, text));
            }
        }
        Some(values)
    }
}
