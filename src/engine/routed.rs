//! Policies and plugins behind one face: each rule goes to the engine of its kind.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;
use crate::domain::origin::Origin;
use crate::domain::plugin::PluginReport;
use crate::domain::rule::{Rule, RuleKind};
use crate::domain::snapshot::Snapshot;
use crate::gate::engine::{
    Evaluated, Explained, PreparedRules, Question, RuleDescription, RuleEngine, RuleError, Sight,
};

/// An engine for policies and one for plugins.
pub struct RoutedEngine<P, W> {
    /// Evaluates policies.
    pub policies: P,
    /// Evaluates plugins.
    pub plugins: W,
}

impl<P: RuleEngine, W: RuleEngine> RuleEngine for RoutedEngine<P, W> {
    fn describe(&self, rule: &Rule) -> RuleDescription {
        match rule.kind {
            RuleKind::Policy(_) => self.policies.describe(rule),
            RuleKind::Plugin(_) => self.plugins.describe(rule),
        }
    }

    fn needs_all_records(&self, rule: &Rule) -> bool {
        match rule.kind {
            RuleKind::Policy(_) => self.policies.needs_all_records(rule),
            RuleKind::Plugin(_) => self.plugins.needs_all_records(rule),
        }
    }

    /// Without plugins, the digest of the policies alone.
    fn digest(&self) -> Digest {
        let policies = self.policies.digest();
        if self.plugins.plugins().is_empty() {
            return policies;
        }
        let both = format!("policies {policies}\nplugins {}\n", self.plugins.digest());
        Digest::from_bytes(Sha256::digest(both).into())
    }

    fn origins(&self) -> &[Origin] {
        self.policies.origins()
    }

    fn plugins(&self) -> &[PluginReport] {
        self.plugins.plugins()
    }

    fn prepare(&self, snapshot: &Arc<Snapshot>) -> Result<Box<dyn PreparedRules>, RuleError> {
        let (policies, plugins) = (self.policies.prepare(snapshot)?, self.plugins.prepare(snapshot)?);
        Ok(Box::new(Routed { policies, plugins }))
    }
}

struct Routed {
    policies: Box<dyn PreparedRules>,
    plugins: Box<dyn PreparedRules>,
}

impl Routed {
    /// Puts the rules of each kind to their engine, and the results back in the order of the rules. A result that is
    /// missing ends them: whoever asked takes silence for a failure.
    fn put<T>(&self, question: &Question<'_>, ask: impl Fn(&dyn PreparedRules, &Question<'_>) -> Vec<T>) -> Vec<T> {
        let is_policy = |rule: &&Rule| rule.kind.policy().is_some();
        let (policies, plugins): (Vec<&Rule>, Vec<&Rule>) = question.rules.iter().partition(|rule| is_policy(rule));
        let ask = |engine: &dyn PreparedRules, rules: &[&Rule]| {
            let results = if rules.is_empty() { Vec::new() } else { ask(engine, &Question { rules, ..*question }) };
            results.into_iter()
        };
        let (mut of_policies, mut of_plugins) = (ask(&*self.policies, &policies), ask(&*self.plugins, &plugins));
        let next = |rule: &&Rule| if rule.kind.policy().is_some() { of_policies.next() } else { of_plugins.next() };
        question.rules.iter().map_while(next).collect()
    }
}

impl PreparedRules for Routed {
    fn evaluate(&self, question: &Question<'_>) -> Vec<Evaluated> {
        self.put(question, |engine, question| engine.evaluate(question))
    }

    fn see(&self, question: &Question<'_>) -> Result<Sight, RuleError> {
        let data = self.policies.see(&Question { rules: &[], ..*question })?.data;
        let inputs = self.put(question, |engine, question| match engine.see(question) {
            Ok(sight) => sight.inputs.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        });
        Ok(Sight { data, inputs: inputs.into_iter().collect::<Result<_, _>>()? })
    }

    fn explain(&self, question: &Question<'_>) -> Vec<Result<Explained, RuleError>> {
        self.put(question, |engine, question| engine.explain(question))
    }
}
