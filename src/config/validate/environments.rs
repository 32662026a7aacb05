//! Environments and their order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::super::error::{list, quote};
use super::super::located::{Located, Place};
use super::super::raw::RawEnvironment;
use super::Check;
use crate::domain::environment::{Environment, EnvironmentGraph, GraphError};

type RawEnvironments = Vec<Located<RawEnvironment>>;

/// The names of all environments, whether they are right or not, in the order of the file.
pub(super) fn names(environments: &RawEnvironments) -> Vec<String> {
    environments.iter().map(|environment| environment.value.name.value.clone()).collect()
}

/// `None` when they form no graph; a problem says why.
pub(super) fn check(
    check: &mut Check<'_>,
    environments: Located<RawEnvironments>,
    sources: &[String],
) -> Option<EnvironmentGraph> {
    if environments.value.is_empty() {
        check.problem(
            environments.place,
            "`environments` is empty",
            "add the stages of promotion: `- name: production`",
        );
    }
    let names = names(&environments.value);
    let before = check.problems.len();
    check_names(check, &environments.value);
    check_order(check, &environments.value, &names);
    let orderly = check.problems.len() == before;
    check_targets(check, &environments.value, sources);
    let places: BTreeMap<String, Place> = environments
        .value
        .iter()
        .map(|environment| (environment.value.name.value.clone(), environment.value.name.place))
        .collect();
    let all = environments.value.into_iter().map(|environment| convert(check, environment.value, sources)).collect();
    let error = match EnvironmentGraph::new(all) {
        Ok(graph) => return Some(graph),
        Err(error) => error,
    };
    // Names that are used twice or not known were said above, each at its place.
    if let (GraphError::Cycle(path), true) = (&error, orderly) {
        let place = path.first().and_then(|name| places.get(name)).copied().unwrap_or_default();
        check.problem(place, error.to_string(), "leave one of these names out of its `after`");
    }
    None
}

fn check_names(check: &mut Check<'_>, environments: &RawEnvironments) {
    let mut seen = BTreeMap::new();
    for environment in environments {
        let name = &environment.value.name;
        check.name("the name of an environment", name);
        if let Some(Place { line, .. }) = seen.insert(&name.value, name.place) {
            let message = format!("environment {} is defined twice", quote(&name.value));
            check.problem(name.place, message, format!("the other one is on line {line}"));
        }
    }
}

fn check_order(check: &mut Check<'_>, environments: &RawEnvironments, names: &[String]) {
    for environment in environments {
        let name = &environment.value.name.value;
        let mut seen = BTreeSet::new();
        for after in environment.value.after.iter().flatten() {
            if !names.contains(&after.value) {
                let others = names.iter().filter(|other| *other != name).map(String::as_str);
                let hint = check.suggest(&after.value, others, "the other environments");
                let (name, after_name) = (quote(name), quote(&after.value));
                let message = format!("environment {name} comes after {after_name}, which is not defined");
                check.problem(after.place, message, hint);
            } else if !seen.insert(&after.value) {
                let message = format!("environment {} comes after {} twice", quote(name), quote(&after.value));
                check.problem(after.place, message, "name it once");
            }
        }
    }
}

/// A record belongs to one environment: otherwise it would speak for a stage that it never passed.
fn check_targets(check: &mut Check<'_>, environments: &RawEnvironments, sources: &[String]) {
    let mut owners = BTreeMap::new();
    let mut logical_owners = BTreeMap::new();
    for environment in environments {
        let environment = &environment.value;
        let source = environment.source.as_ref().map(|source| &source.value).or(sources.first());
        let own_name = if environment.logical_environment.is_none() { Some(&environment.name) } else { None };
        let targets: Vec<_> = match &environment.targets {
            Some(targets) => targets.value.iter().collect(),
            None => own_name.into_iter().collect(),
        };
        let name = &environment.name.value;
        if let Some(logical) = &environment.logical_environment
            && let Some(owner) = logical_owners.insert((source, &logical.value), name)
        {
            let (logical_name, owner) = (quote(&logical.value), quote(owner));
            let message = format!("logical environment {logical_name} belongs to environment {owner} already");
            check.problem(logical.place, message, "name each logical environment of a source once, in one environment");
        }
        for target in targets {
            match owners.insert((source, &target.value), name) {
                None => {}
                // An environment that is defined twice was said above.
                Some(owner) if owner == name && environment.targets.is_none() => {}
                Some(owner) => {
                    let message =
                        format!("target {} belongs to environment {} already", quote(&target.value), quote(owner));
                    check.problem(target.place, message, "name each target of a source once, in one environment");
                }
            }
        }
    }
}

fn convert(check: &mut Check<'_>, raw: RawEnvironment, sources: &[String]) -> Environment {
    let source = source(check, &raw, sources);
    let logical_environment = check.text("logical_environment", raw.logical_environment);
    let targets = match raw.targets {
        Some(targets) => {
            if targets.value.is_empty() && logical_environment.is_none() {
                let message = format!("environment {} has no targets", quote(&raw.name.value));
                check.problem(targets.place, message, "leave `targets` out to mean its own name");
            }
            targets.value.iter().for_each(|target| check.name("the name of a target", target));
            targets.value.into_iter().map(|target| target.value).collect()
        }
        None if logical_environment.is_some() => Vec::new(),
        None => vec![raw.name.value.clone()],
    };
    let max_record_age = raw.max_record_age.and_then(|age| check.duration("max_record_age", &age));
    Environment {
        name: raw.name.value,
        after: raw.after.unwrap_or_default().into_iter().map(|after| after.value).collect(),
        targets,
        source,
        logical_environment,
        max_record_age: max_record_age.and_then(|age| SignedDuration::try_from(age).ok()),
    }
}

fn source(check: &mut Check<'_>, raw: &RawEnvironment, sources: &[String]) -> String {
    let known: Vec<&str> = sources.iter().map(String::as_str).collect();
    let environment = quote(&raw.name.value);
    match (&raw.source, known.as_slice()) {
        (Some(source), known) => {
            if !known.contains(&source.value.as_str()) {
                let message = format!(
                    "environment {environment} names the source {}, which is not defined",
                    quote(&source.value)
                );
                check.problem(
                    source.place,
                    message,
                    check.suggest(&source.value, known.iter().copied(), "the sources"),
                );
            }
            source.value.clone()
        }
        (None, [only]) => (*only).to_owned(),
        (None, known) => {
            if !known.is_empty() {
                let message = format!("environment {environment} does not say which source knows it");
                check.problem(raw.name.place, message, format!("add `source:` with one of {}", list(known)));
            }
            String::new()
        }
    }
}
