//! Evaluating requests beside the asynchronous threads, as many at a time as there are cores.

mod turns;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::memo::{Boarding, Evaluated, Flight, Memo};
use crate::domain::decision::Decision;
use crate::domain::digest::Digest;
use crate::domain::request::Request;
use crate::domain::rule::Rule;
use crate::domain::verdict::Verdict;
use crate::gate::Gate;
use crate::server::readmission::{Key, Readmissions, Ticket};
use crate::server::records::Kept;
use crate::server::trace;
use turns::Turns;

/// What is asked of the rules, and what is done with the answer.
pub(super) struct Question {
    pub(super) kept: Arc<Kept>,
    pub(super) request: Arc<Request>,
    pub(super) as_of: Timestamp,
    pub(super) age: Age,
    pub(super) key: Key,
    pub(super) ticket: Ticket,
    /// Nothing is remembered or forgotten then.
    pub(super) dry_run: bool,
    pub(super) deadline: Instant,
}

/// What the age of the records means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Age {
    /// Records that are too old carry no decision.
    Counts,
    /// Whether they speak against the request, however old they are.
    IsIgnored,
}

/// Evaluates questions. Equal ones of the same second are evaluated once, and nobody waits for another question.
pub(super) struct Evaluator {
    inner: Arc<Inner>,
    /// Environments with rules that may not answer the same question alike each time.
    unshared: BTreeSet<String>,
}

struct Inner {
    gate: Arc<Gate>,
    readmissions: Arc<Readmissions>,
    turns: Arc<Turns>,
    memo: Memo,
}

/// Sees to it that those who wait hear of the end of an evaluation, also when it panics or never begins.
struct Landing {
    inner: Arc<Inner>,
    key: Option<Digest>,
    flight: Arc<Flight>,
}

impl Evaluator {
    pub(super) fn new(gate: Arc<Gate>, readmissions: Arc<Readmissions>, evaluations: usize) -> Self {
        let unshared = gate.environments.names().filter(|name| asks_others(&gate, name)).map(str::to_owned).collect();
        let (turns, memo) = (Turns::new(evaluations), Memo::new());
        Self { inner: Arc::new(Inner { gate, readmissions, turns, memo }), unshared }
    }

    /// The answer, at the deadline at the latest.
    pub(super) async fn evaluate(&self, question: Question) -> Evaluated {
        let deadline = question.deadline;
        let shared = !self.unshared.contains(&question.request.environment);
        let key = shared.then(|| question.digest()).flatten();
        let boarding = key.map_or_else(Boarding::alone, |key| self.inner.memo.board(key, question.as_of));
        match boarding {
            Boarding::First(flight) => {
                self.launch(question, key, Arc::clone(&flight));
                flight.result(deadline).await
            }
            Boarding::Joined(flight) => match flight.result(deadline).await {
                // The other had less time.
                Evaluated::Overloaded if Instant::now() < deadline => {
                    let flight = Arc::<Flight>::default();
                    self.launch(question, None, Arc::clone(&flight));
                    flight.result(deadline).await
                }
                result => result,
            },
        }
    }

    /// Whoever asked may be gone before it is done, and others wait for it too.
    fn launch(&self, question: Question, key: Option<Digest>, flight: Arc<Flight>) {
        let landing = Landing { inner: Arc::clone(&self.inner), key, flight };
        let span = trace::evaluate(&question.request);
        self.inner.turns.take(Box::new(move || {
            if question.deadline <= Instant::now() {
                return landing.land(Evaluated::Overloaded);
            }
            landing.flight.begin();
            let decision = span.in_scope(|| landing.inner.decide(question));
            landing.land(Evaluated::Decided(Arc::new(decision)));
        }));
    }
}

impl Landing {
    fn land(&self, result: Evaluated) {
        if let (Some(key), false) = (self.key, matches!(result, Evaluated::Decided(_))) {
            self.inner.memo.forget(key, &self.flight);
        }
        self.flight.land(result);
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.flight.has_landed() {
            tracing::error!("an evaluation stopped unexpectedly");
            self.land(Evaluated::Crashed);
        }
    }
}

impl Boarding {
    fn alone() -> Self {
        Self::First(Arc::default())
    }
}

impl Inner {
    fn decide(&self, question: Question) -> Decision {
        let observation = &question.kept.observation;
        let (key, ticket) = (question.key, question.ticket);
        let request = Arc::unwrap_or_clone(question.request);
        let decision = match question.age {
            Age::Counts => self.gate.decide(observation, request, question.as_of),
            Age::IsIgnored => self.gate.decide_at_any_age(observation, request, question.as_of),
        };
        trace::decided(&decision);
        if !question.dry_run {
            match decision.verdict {
                // An override answers for a time that an operator can end: nobody vouches for it afterwards.
                Verdict::Allow
                    if question.age == Age::Counts && !decision.overrides.iter().any(|report| report.used) =>
                {
                    self.readmissions.remember(key, decision.as_of, ticket);
                }
                Verdict::Deny | Verdict::Hold => self.readmissions.forget(key),
                Verdict::Allow | Verdict::Undecided => {}
            }
        }
        decision
    }
}

impl Question {
    /// Equal for questions that have equal answers. None would mean that the question cannot be written as JSON, and
    /// that its answer is not shared.
    fn digest(&self) -> Option<Digest> {
        let all = (self.kept.generation, self.as_of.as_second(), self.age, &*self.request);
        let text = serde_json::to_vec(&all).ok()?;
        Some(Digest::from_bytes(Sha256::digest(text).into()))
    }
}

/// Whether a rule for this environment is a plugin that asks others.
fn asks_others(gate: &Gate, environment: &str) -> bool {
    let mut plugins =
        gate.rules.iter().filter(|rule| rule.applies_to(environment)).filter_map(|rule| rule.kind.plugin());
    plugins.any(|name| gate.engine.plugins().iter().any(|plugin| plugin.name == name && !plugin.replayable))
}

/// A digest of everything that decides beside records and overrides: policies, plugins, rules, environments.
pub(super) fn rules_digest(gate: &Gate) -> Digest {
    let rule = |rule: &Rule| {
        let kind = if rule.kind.policy().is_some() { "policy" } else { "plugin" };
        serde_json::json!([rule.id, kind, rule.kind.name(), rule.environments, rule.parameters, rule.enforcement])
    };
    let rules: Vec<_> = gate.rules.iter().map(rule).collect();
    let environments: Vec<_> = gate.environments.iter().collect();
    let all = serde_json::json!([rules, environments, gate.when_no_rule_applies]);
    let mut hash = Sha256::new();
    hash.update(gate.engine.digest().as_bytes());
    hash.update(all.to_string());
    Digest::from_bytes(hash.finalize().into())
}
