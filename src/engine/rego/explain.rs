//! Explanations: each rule evaluated a second time, in an engine of its own that also answers for every clause.
//!
//! The engine that decides collects what a policy says and keeps neither the clause that said it nor what other rules
//! came to. Here each clause of a rule that decides is copied to the end of its file, under a name of its own: same
//! package, same imports, same body. A clause that says what the rule said is where it was said. The decision is made
//! before, without any of this.

mod sources;
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use regorus::{Engine, Value};

use crate::domain::explanation::{Clause, NamedValue};
use crate::domain::finding::Location;
use crate::gate::engine::{Answer, Explained, RuleError};

use super::gather::Gathered;
use super::package::{Entry, Package};
use super::worker::{self, Job};
use super::{Limits, answer, builtins, evaluate, fault};
use sources::Explainable;
use values::Shortener;

/// Values shown of one policy.
const VALUES_LIMIT: usize = 60;

/// What explanations need; built when the first is asked for.
pub(super) struct Explainer {
    gathered: Arc<Gathered>,
    /// The records, as every policy sees them.
    data: Value,
    limits: Limits,
    ready: OnceLock<Result<Arc<Ready>, RuleError>>,
}

/// Policies with a rule for each clause, and the records.
struct Ready {
    engine: Engine,
    explainable: Explainable,
}

impl Explainer {
    pub(super) const fn new(gathered: Arc<Gathered>, data: Value, limits: Limits) -> Self {
        Self { gathered, data, limits, ready: OnceLock::new() }
    }

    /// Explains each rule, within the time that an evaluation of all of them may take.
    pub(super) fn explain(&self, job: Job) -> Vec<Result<Explained, RuleError>> {
        let count = job.rules.len();
        // What decides is evaluated first; values that take long are given up before all is lost.
        let deadline = Instant::now() + self.limits.evaluation / 2;
        let explained = self.ready().and_then(|ready| {
            let explained = worker::within(self.limits.evaluation, move || {
                let explain = |(package, input): &(Arc<Package>, Value)| ready.explain(package, input, deadline);
                builtins::at_instant(job.as_of_ns, || job.rules.iter().map(explain).collect::<Vec<_>>())
            });
            explained.map_err(|stopped| stopped.rule_error(self.limits.evaluation))
        });
        explained.map_or_else(|error| vec![Err(error); count], |rules| rules.into_iter().map(Ok).collect())
    }

    fn ready(&self) -> Result<Arc<Ready>, RuleError> {
        let build = || {
            let built = worker::on_large_stack(|| self.build());
            built.unwrap_or_else(|panic| Err(unexplainable(&panic))).map(Arc::new)
        };
        self.ready.get_or_init(build).clone()
    }

    fn build(&self) -> Result<Ready, RuleError> {
        let built = sources::build(&self.gathered, self.limits.rule);
        let (mut engine, explainable) = built.map_err(|fault| unexplainable(&fault.to_string()))?;
        let added = engine.add_data(self.data.clone());
        added.map_err(|error| unexplainable(&fault::one_line(&error)))?;
        Ok(Ready { engine, explainable })
    }
}

impl Ready {
    fn explain(&self, package: &Package, input: &Value, deadline: Instant) -> Explained {
        let mut session = Session { engine: self.engine.clone(), template: &self.engine, package, input };
        session.engine.set_input(input.clone());
        let answer = session.answer(&self.explainable);
        let clauses = session.clauses(&self.explainable);
        let mut shortener = Shortener::default();
        let names = self.explainable.values_of(&package.name);
        let values: Vec<NamedValue> = names
            .iter()
            .take(VALUES_LIMIT)
            .map(|(name, rule)| match session.eval_before(deadline, rule) {
                Ok(value) => NamedValue { name: name.clone(), value: shortener.shorten(&value), problem: None },
                Err(error) => NamedValue { name: name.clone(), value: None, problem: Some(error.message) },
            })
            .collect();
        Explained {
            log: Vec::new(),
            answer,
            clauses,
            values,
            values_left_out: names.len().saturating_sub(VALUES_LIMIT),
            records: shortener.into_records(),
            defaults: serde_json::Map::new(),
        }
    }
}

/// One policy under explanation.
struct Session<'a> {
    engine: Engine,
    template: &'a Engine,
    package: &'a Package,
    input: &'a Value,
}

impl Session<'_> {
    /// The value of a rule. A panic of the engine is an error, and the engine it happened in is thrown away.
    fn eval(&mut self, rule: &str) -> Result<Value, RuleError> {
        let engine = &mut self.engine;
        let evaluated = catch_unwind(AssertUnwindSafe(|| {
            let value = engine.eval_rule(rule.to_owned());
            drop(engine.take_prints());
            value
        }));
        match evaluated {
            Ok(value) => value.map_err(|error| evaluate::rule_error(&self.package.name, &error)),
            Err(_panic) => {
                self.engine = self.template.clone();
                self.engine.set_input(self.input.clone());
                Err(unexplainable("the policy engine failed"))
            }
        }
    }

    fn eval_before(&mut self, deadline: Instant, rule: &str) -> Result<Value, RuleError> {
        if Instant::now() >= deadline {
            return Err(unexplainable("there was no time left"));
        }
        self.eval(rule)
    }

    fn answer(&mut self, explainable: &Explainable) -> Result<Answer, RuleError> {
        let mut answer = Answer::default();
        let package = self.package;
        for entry in &package.entries {
            let value = self.eval(&explainable.rule_of(&package.name, &entry.name))?;
            answer::add(&mut answer, entry, &value)?;
        }
        Ok(answer)
    }

    /// What each clause says alone. One that says nothing, or nothing that can be read, explains nothing.
    fn clauses(&mut self, explainable: &Explainable) -> Vec<(Clause, Answer)> {
        let mut said = Vec::new();
        for (clause, rule) in explainable.clauses_of(&self.package.name) {
            let Some(of_rule) = self.package.entries.iter().find(|entry| entry.name == clause.name) else { continue };
            let location = Location { path: clause.path.clone(), line: clause.line };
            let entry = Entry {
                name: clause.name.clone(),
                kind: clause.kind,
                remediation: of_rule.remediation.clone(),
                location: location.clone(),
            };
            let mut answer = Answer::default();
            let value = self.eval(rule);
            if value.is_ok_and(|value| answer::add(&mut answer, &entry, &value).is_ok()) && answer != Answer::default()
            {
                said.push((Clause { location, source: sources::first_line(&clause.text) }, answer));
            }
        }
        said
    }
}

fn unexplainable(why: &str) -> RuleError {
    RuleError {
        code: "rule_unexplained",
        message: format!("the policies could not be explained: {why}"),
        remediation: "the decision stands; this is a defect of holdpoint; please report it".to_owned(),
    }
}

#[cfg(test)]
mod tests;
