//! From records and rules to a decision.

use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::domain::decision::{DECISION_SCHEMA, Decision, SnapshotReport};
use crate::domain::digest::Digest;
use crate::domain::environment::Environment;
use crate::domain::finding::Finding;
use crate::domain::overrides::Override;
use crate::domain::plugin::{PluginCall, PluginReport};
use crate::domain::request::Request;
use crate::domain::rule::Rule;
use crate::domain::snapshot::Snapshot;
use crate::domain::verdict::Verdict;

use super::Gate;
use super::engine::{Evaluated, Question};
use super::findings;
use super::observe::{Observation, RecordFault};

/// A request, and the instant it is about.
struct Asked<'a> {
    request: &'a Request,
    as_of: Timestamp,
}

impl Gate {
    /// Decides a request about the environment that was observed. It always returns a decision: what goes wrong on
    /// the way makes it undecided.
    #[must_use]
    pub fn decide(&self, observation: &Observation, request: Request, as_of: Timestamp) -> Decision {
        let faults = observation.faults(as_of);
        self.conclude(observation, request, as_of, |asked, rules| self.findings(&faults, observation, asked, rules))
    }

    /// What [`Self::decide`] would say if it did not matter how old the records are: whether old ones speak against a
    /// request. Never the answer to it.
    #[must_use]
    pub fn decide_at_any_age(&self, observation: &Observation, request: Request, as_of: Timestamp) -> Decision {
        let faults = observation.untimely_faults();
        self.conclude(observation, request, as_of, |asked, rules| self.findings(&faults, observation, asked, rules))
    }

    /// The decision about a request that these records cannot carry, for the reasons given: undecided.
    #[must_use]
    pub fn undecided(
        &self,
        faults: &[RecordFault],
        observation: &Observation,
        request: Request,
        as_of: Timestamp,
    ) -> Decision {
        let decision =
            self.conclude(observation, request, as_of, |_asked, rules| (self.of_faults(faults, rules), Vec::new()));
        // As it is already when there is any fault.
        Decision { verdict: Verdict::Undecided, opens_at: None, ..decision }
    }

    fn conclude<'a>(
        &'a self,
        observation: &Observation,
        request: Request,
        as_of: Timestamp,
        ask: impl FnOnce(&Asked<'_>, &[&'a Rule]) -> (Vec<Finding>, Vec<PluginCall>),
    ) -> Decision {
        let started = observation.started.unwrap_or_else(Instant::now);
        let rules: Vec<&Rule> = self.rules.iter().filter(|rule| rule.applies_to(&request.environment)).collect();
        let environment = &observation.environment;
        let judged = self.judge_overrides(observation, &request, as_of, &rules);
        let input_digest = input_digest(&request, environment, as_of, &rules, &judged.in_force);
        let (mut findings, plugin_calls) = ask(&Asked { request: &request, as_of }, &rules);
        if let Some(finding) = self.nothing_counts(&findings, &request.environment, &rules) {
            findings.push(finding);
        }
        let (overrides, override_notices) = judged.apply(&mut findings);
        let (verdict, opens_at) = Decision::combine(&findings);
        Decision {
            schema: DECISION_SCHEMA,
            id: uuid::Uuid::new_v4().to_string(),
            verdict,
            opens_at,
            channel: request.channel,
            request,
            as_of,
            findings,
            overrides,
            override_notices,
            promotion: Vec::new(),
            explanations: Vec::new(),
            snapshot: SnapshotReport { sources: observation.snapshot.sources.clone() },
            policies_digest: self.engine.digest(),
            policies: self.engine.origins().to_vec(),
            plugins: self.plugins_of(&rules),
            plugin_calls,
            input_digest,
            duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            holdpoint_version: env!("CARGO_PKG_VERSION"),
        }
    }

    fn findings(
        &self,
        faults: &[RecordFault],
        observation: &Observation,
        asked: &Asked<'_>,
        rules: &[&Rule],
    ) -> (Vec<Finding>, Vec<PluginCall>) {
        let (request, as_of) = (asked.request, asked.as_of);
        if request.environment != observation.environment.name {
            return (vec![findings::of_wrong_environment(request, &observation.environment.name)], Vec::new());
        }
        if !faults.is_empty() {
            return (self.of_faults(faults, rules), Vec::new());
        }
        let question = Question { request, environment: &observation.environment, as_of, rules };
        let prepared = match &observation.rules {
            Some(Ok(prepared)) => prepared,
            Some(Err(error)) => return (rules.iter().map(|rule| self.failed(rule, error)).collect(), Vec::new()),
            None => return (rules.iter().map(|rule| self.not_evaluated(rule)).collect(), Vec::new()),
        };
        self.of_evaluation(rules, prepared.evaluate(&question), &observation.snapshot)
    }

    /// What is wrong with the records, and that no rule was asked to judge by them.
    fn of_faults(&self, faults: &[RecordFault], rules: &[&Rule]) -> Vec<Finding> {
        let of_records = faults.iter().map(findings::of_record_fault);
        of_records.chain(rules.iter().map(|rule| self.not_evaluated(rule))).collect()
    }

    fn of_evaluation(
        &self,
        rules: &[&Rule],
        evaluated: Vec<Evaluated>,
        snapshot: &Snapshot,
    ) -> (Vec<Finding>, Vec<PluginCall>) {
        let mut evaluated = evaluated.into_iter();
        let (mut all, mut calls) = (Vec::with_capacity(rules.len()), Vec::new());
        for rule in rules {
            let description = self.engine.describe(rule);
            let Some(one) = evaluated.next() else {
                all.push(findings::of_silence(rule, &description));
                continue;
            };
            calls.extend(one.calls);
            match one.result {
                Ok(answer) => all.extend(findings::of_answer(rule, &description, answer, snapshot)),
                Err(error) => all.push(findings::of_rule_error(rule, &description, &error)),
            }
        }
        (all, calls)
    }

    /// The plugins that these rules name.
    fn plugins_of(&self, rules: &[&Rule]) -> Vec<PluginReport> {
        let named = |plugin: &&PluginReport| rules.iter().any(|rule| rule.kind.plugin() == Some(&plugin.name));
        self.engine.plugins().iter().filter(named).cloned().collect()
    }

    fn not_evaluated(&self, rule: &Rule) -> Finding {
        findings::of_rule_without_records(rule, &self.engine.describe(rule))
    }

    fn failed(&self, rule: &Rule, error: &super::engine::RuleError) -> Finding {
        findings::of_rule_error(rule, &self.engine.describe(rule), error)
    }

    /// When no finding counts there is no verdict, unless the configuration gives one. Saying so is a finding too.
    fn nothing_counts(&self, findings: &[Finding], environment: &str, rules: &[&Rule]) -> Option<Finding> {
        let counts = findings.iter().any(|finding| finding.verdict().is_some());
        (!counts).then(|| findings::of_no_rule(environment, rules.len(), self.when_no_rule_applies))
    }
}

/// A digest of all that is asked. Objects serialise with sorted keys, so equal questions have equal digests.
fn input_digest(
    request: &Request,
    environment: &Environment,
    as_of: Timestamp,
    rules: &[&Rule],
    overrides: &[&Override],
) -> Digest {
    #[derive(Serialize)]
    struct Input<'a> {
        request: &'a Request,
        environment: &'a Environment,
        as_of: Timestamp,
        rules: Vec<(&'a str, &'a str, &'a serde_json::Value, &'static str)>,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        overrides: &'a [&'a Override],
    }
    let rules = rules.iter().map(|rule| (&*rule.id, rule.kind.name(), &rule.parameters, rule.enforcement.as_str()));
    let asked = Input { request, environment, as_of, rules: rules.collect(), overrides };
    // Serialising plain data into memory cannot fail; were it to, the digest of nothing matches no other decision.
    let text = serde_json::to_vec(&asked).unwrap_or_default();
    Digest::from_bytes(Sha256::digest(text).into())
}
