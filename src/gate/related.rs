//! Which records questions rest on, when all their rules say that they look at no others.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::request::Request;
use crate::domain::rule::Rule;

use super::Gate;
use super::source::Related;

/// Names beyond which reading everything is quicker than looking each up.
const MOST_NAMES: usize = 200;

impl Gate {
    /// What these requests about one environment rest on; none when a rule may look at any record, or when the
    /// environment and those before it are not of one source, which would each know only its own deployments.
    pub(super) fn related(&self, environment: &str, requests: &[Request]) -> Option<Related> {
        let sources: BTreeSet<&str> =
            self.environments.lineage(environment).into_iter().map(|needed| needed.source.as_str()).collect();
        let rules: Vec<&Rule> = self.rules.iter().filter(|rule| rule.applies_to(environment)).collect();
        if sources.len() > 1 || rules.iter().any(|rule| self.engine.needs_all_records(rule)) {
            return None;
        }
        let mut deployment_names: BTreeSet<String> =
            requests.iter().filter_map(|request| request.deployment_name.clone()).collect();
        for rule in rules {
            texts(&rule.parameters, &mut deployment_names);
        }
        let digests = requests.iter().map(|request| request.artifact.digest).collect();
        (deployment_names.len() <= MOST_NAMES).then_some(Related { digests, deployment_names })
    }
}

/// Every text of a rule's parameters: any may be the name of a deployment.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(fields) => {
            found.extend(fields.keys().cloned());
            fields.values().for_each(|value| texts(value, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
