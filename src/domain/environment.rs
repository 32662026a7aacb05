//! Environments and the order of promotion between them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::Serialize;
use thiserror::Error;

/// A stage of promotion: one or more targets that records name, and the environments that come before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Environment {
    /// Its name in the configuration.
    pub name: String,
    /// The environments that come directly before it.
    pub after: Vec<String>,
    /// The `environment_name`s of records that belong to it.
    pub targets: Vec<String>,
    /// The record source that knows it.
    #[serde(skip)]
    pub source: String,
    /// The source's logical environment whose environments are its targets, beside those listed.
    #[serde(skip)]
    pub logical_environment: Option<String>,
    /// How old what the source saw may be; older means undecided.
    #[serde(skip)]
    pub max_record_age: Option<SignedDuration>,
}

/// Why environments form no order of promotion.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GraphError {
    /// Two environments have one name.
    #[error("environment `{0}` is defined twice")]
    Duplicate(String),
    /// `after` names nothing.
    #[error("environment `{environment}` comes after `{after}`, which is not defined")]
    Unknown {
        /// The environment with the bad line.
        environment: String,
        /// The name it has in `after`.
        after: String,
    },
    /// `after` leads back to where it started.
    #[error("the promotion order has a cycle: {}", .0.join(" after "))]
    Cycle(Vec<String>),
}

/// The environments of a configuration, as a directed acyclic graph.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentGraph {
    environments: BTreeMap<String, Environment>,
}

impl EnvironmentGraph {
    /// Checks names and order.
    ///
    /// # Errors
    /// A name that is used twice, an unknown name in `after`, or a cycle.
    pub fn new(environments: Vec<Environment>) -> Result<Self, GraphError> {
        let mut graph = Self::default();
        for environment in environments {
            let name = environment.name.clone();
            if graph.environments.insert(name.clone(), environment).is_some() {
                return Err(GraphError::Duplicate(name));
            }
        }
        for environment in graph.environments.values() {
            let unknown = environment.after.iter().find(|after| !graph.environments.contains_key(*after));
            if let Some(after) = unknown {
                return Err(GraphError::Unknown { environment: environment.name.clone(), after: after.clone() });
            }
        }
        let mut done = BTreeSet::new();
        for name in graph.environments.keys() {
            graph.visit(name, &mut Vec::new(), &mut done)?;
        }
        Ok(graph)
    }

    /// The environment of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Environment> {
        self.environments.get(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.environments.keys().map(String::as_str)
    }

    /// All environments, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Environment> {
        self.environments.values()
    }

    /// The environment and all that come before it, transitively: what a decision about it may need.
    #[must_use]
    pub fn lineage(&self, name: &str) -> Vec<&Environment> {
        let mut found = BTreeMap::new();
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            let Some(environment) = self.environments.get(name) else { continue };
            if found.insert(name, environment).is_none() {
                open.extend(environment.after.iter().map(String::as_str));
            }
        }
        found.into_values().collect()
    }

    /// All environments, each after those that come before it; by name where the order is free.
    #[must_use]
    pub fn promotion_order(&self) -> Vec<&Environment> {
        let mut order: Vec<&Environment> = Vec::new();
        let mut placed = BTreeSet::new();
        while order.len() < self.environments.len() {
            let ready = |environment: &&Environment| {
                !placed.contains(environment.name.as_str())
                    && environment.after.iter().all(|before| placed.contains(before.as_str()))
            };
            // There always is one: the graph has no cycle.
            let Some(next) = self.iter().find(ready) else { break };
            placed.insert(next.name.as_str());
            order.push(next);
        }
        order
    }

    /// The order as lines for people: a line goes on while each environment has one before and one after it, and several
    /// that come directly before are one entry, such as `["qa, staging", "production"]`. What stands alone comes last.
    #[must_use]
    pub fn promotion_paths(&self) -> Vec<Vec<String>> {
        let next_of = |name: &str| self.iter().filter(|next| next.after.iter().any(|before| before == name)).count();
        let mut lines: Vec<Vec<String>> = Vec::new();
        for environment in self.promotion_order() {
            let name = environment.name.clone();
            let line = match environment.after.as_slice() {
                [before] if next_of(before) == 1 => lines.iter_mut().find(|line| line.last() == Some(before)),
                _ => None,
            };
            match line {
                Some(line) => line.push(name),
                None if environment.after.is_empty() => lines.push(vec![name]),
                None => lines.push(vec![environment.after.join(", "), name]),
            }
        }
        // An environment that begins other lines needs none of its own.
        lines.retain(|line| !matches!(line.as_slice(), [only] if next_of(only) > 0));
        lines.sort_by_key(|line| line.len() == 1);
        lines
    }

    fn visit<'a>(
        &'a self,
        name: &'a str,
        path: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Result<(), GraphError> {
        if done.contains(name) {
            return Ok(());
        }
        if let Some(start) = path.iter().position(|seen| *seen == name) {
            let cycle = path.iter().skip(start).chain([&name]).map(|name| (*name).to_owned());
            return Err(GraphError::Cycle(cycle.collect()));
        }
        path.push(name);
        for after in self.environments.get(name).into_iter().flat_map(|environment| &environment.after) {
            self.visit(after, path, done)?;
        }
        path.pop();
        done.insert(name);
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Environment, EnvironmentGraph, GraphError};

    /// An environment with one target of its own name.
    pub(crate) fn environment(name: &str, after: &[&str]) -> Environment {
        Environment {
            name: name.to_owned(),
            after: after.iter().map(|name| (*name).to_owned()).collect(),
            targets: vec![name.to_owned()],
            source: "records".to_owned(),
            logical_environment: None,
            max_record_age: None,
        }
    }

    #[test]
    fn lineage_is_the_environment_and_all_before_it() {
        let graph = EnvironmentGraph::new(vec![
            environment("dev", &[]),
            environment("qa", &["dev"]),
            environment("staging", &["dev"]),
            environment("production", &["qa", "staging"]),
            environment("sandbox", &[]),
        ])
        .unwrap();
        let names = |name| graph.lineage(name).iter().map(|found| found.name.clone()).collect::<Vec<_>>();
        assert_eq!(names("production"), ["dev", "production", "qa", "staging"]);
        assert_eq!(names("staging"), ["dev", "staging"]);
        assert_eq!(names("elsewhere"), Vec::<String>::new());
    }

    #[test]
    fn promotion_is_in_order() {
        let shown = |environments| {
            let graph = EnvironmentGraph::new(environments).unwrap();
            let lines = graph.promotion_paths().into_iter().map(|line| line.join(" → "));
            let order = graph.promotion_order().into_iter().map(|environment| environment.name.clone());
            (order.collect::<Vec<_>>().join(" "), lines.collect::<Vec<_>>())
        };
        let chain =
            vec![environment("production", &["staging"]), environment("dev", &[]), environment("staging", &["dev"])];
        assert_eq!(shown(chain), ("dev staging production".to_owned(), vec!["dev → staging → production".to_owned()]));
        let (order, lines) = shown(vec![
            environment("dev", &[]),
            environment("qa", &["dev"]),
            environment("staging", &["dev"]),
            environment("production", &["qa", "staging"]),
            environment("archive", &["production"]),
            environment("sandbox", &[]),
        ]);
        assert_eq!(order, "dev qa sandbox staging production archive");
        assert_eq!(lines, ["dev → qa", "dev → staging", "qa, staging → production → archive", "sandbox"]);
    }

    #[test]
    fn disorder_is_refused() {
        let unknown = EnvironmentGraph::new(vec![environment("a", &["b"])]).unwrap_err();
        assert_eq!(unknown.to_string(), "environment `a` comes after `b`, which is not defined");
        let twice = EnvironmentGraph::new(vec![environment("a", &[]), environment("a", &[])]).unwrap_err();
        assert_eq!(twice, GraphError::Duplicate("a".to_owned()));
        let cycle =
            EnvironmentGraph::new(vec![environment("a", &["c"]), environment("b", &["a"]), environment("c", &["b"])]);
        assert_eq!(cycle.unwrap_err().to_string(), "the promotion order has a cycle: a after c after b after a");
        let itself = EnvironmentGraph::new(vec![environment("a", &["a"])]).unwrap_err();
        assert_eq!(itself.to_string(), "the promotion order has a cycle: a after a");
    }
}
