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
