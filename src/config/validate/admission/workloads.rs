//! Where workloads go.

use std::collections::BTreeSet;

use super::super::super::error::quote;
use super::super::super::located::{Located, Place};
use super::super::super::raw::admission::parts::RawWorkloads;
use super::super::super::raw::admission::text::{RawText, RawTextSource};
use super::super::Check;
use super::patterns;
use crate::admission::settings::{NamePattern, PlacementRule, TextSource};

pub(super) fn check(
    check: &mut Check<'_>,
    list: Located<Vec<Located<RawWorkloads>>>,
    environments: &[String],
    exempt: &[NamePattern],
) -> Vec<PlacementRule> {
    check.bound("workloads", list.place, list.value.len());
    // What is said of these namespaces already.
    let mut taken: BTreeSet<String> = exempt.iter().map(|pattern| pattern.0.clone()).collect();
    let mut rules = Vec::new();
    for written in list.value {
        let place = written.place;
        let Some(rule) = convert(check, written.value, environments) else { continue };
        if !rule.namespaces.is_empty() && rule.namespaces.iter().all(|pattern| is_taken(&taken, pattern)) {
            let hint =
                "entries above it, or `exempt_namespaces`, take all of its namespaces: leave it out or move it up";
            check.problem(place, "this entry of `workloads` is never reached", hint);
        }
        // A name of a namespace that gives no environment leaves the workload to the next entry.
        if !matches!(rule.environment, TextSource::Namespace { .. }) {
            taken.extend(rule.namespaces.iter().map(|pattern| pattern.0.clone()));
        }
        rules.push(rule);
    }
    rules
}

/// Whether all names of this pattern are those of others.
fn is_taken(taken: &BTreeSet<String>, pattern: &NamePattern) -> bool {
    let text = &pattern.0;
    let beginning = text.trim_end_matches('*');
    let of_beginning = |end: usize| beginning.get(..end).is_some_and(|shorter| taken.contains(&format!("{shorter}*")));
    taken.contains(text) || (0..=beginning.len()).any(of_beginning)
}

fn convert(check: &mut Check<'_>, raw: RawWorkloads, environments: &[String]) -> Option<PlacementRule> {
    if raw.namespaces.value.is_empty() {
        check.problem(raw.namespaces.place, "`namespaces` names none", "name them, or write `[\"*\"]` for all");
    }
    let namespaces: Vec<_> =
        raw.namespaces.value.into_iter().filter_map(|name| patterns::namespace(check, name)).collect();
    let deployment_name = raw.deployment_name.and_then(|text| self::text(check, "deployment_name", text));
    let written = raw.environment.place;
    let environment = text(check, "environment", raw.environment)?;
    let allowed = allowed(check, &environment, written, raw.allowed, environments)?;
    let default = raw.default.and_then(|default| self::default(check, &environment, default, &allowed));
    Some(PlacementRule { namespaces, environment, allowed, default, deployment_name })
}

/// The environments that may be chosen among.
fn allowed(
    check: &mut Check<'_>,
    source: &TextSource,
    written: Place,
    allowed: Option<Located<Vec<Located<String>>>>,
    environments: &[String],
) -> Option<Vec<String>> {
    match (source, &allowed) {
        (TextSource::Fixed(name), allowed) => {
            let name = Located { value: name.clone(), place: written };
            check.environment("an entry of `workloads`", &name, environments);
            if let Some(allowed) = allowed {
                let hint = "leave it out, or take the environment from a `label`, an `annotation` or the `namespace`";
                check.problem(allowed.place, "`allowed` means nothing beside an environment by its name", hint);
            }
            return Some(Vec::new());
        }
        (TextSource::ObjectName, _) => {
            let hint = "take it from a `label`, an `annotation` or the `namespace`";
            check.problem(written, "`environment` cannot be the name of an object", hint);
            return None;
        }
        (TextSource::Namespace { .. }, None) => return Some(environments.to_vec()),
        (TextSource::Label(_) | TextSource::Annotation(_), None) => {
            let hint =
                "add `allowed: […]`: whoever writes the label or the annotation chooses among these environments";
            check.problem(written, "this entry of `workloads` needs `allowed`", hint);
            return None;
        }
        (_, Some(_)) => {}
    }
    let named = allowed?;
    if named.value.is_empty() {
        check.problem(named.place, "`allowed` names none", "name the environments that may be chosen");
    }
    named.value.iter().for_each(|name| check.environment("`allowed`", name, environments));
    Some(named.value.into_iter().map(|name| name.value).collect())
}

fn default(check: &mut Check<'_>, source: &TextSource, default: Located<String>, allowed: &[String]) -> Option<String> {
    if !matches!(source, TextSource::Label(_) | TextSource::Annotation(_)) {
        let hint = "leave it out: it is for workloads without the `label` or the `annotation`";
        check.problem(default.place, "`default` means nothing here", hint);
    } else if !allowed.contains(&default.value) {
        let message = format!("`default` is {}, which `allowed` does not have", quote(&default.value));
        check.problem(
            default.place,
            message,
            check.suggest(&default.value, allowed.iter().map(String::as_str), "they"),
        );
    } else {
        return Some(default.value);
    }
    None
}

/// A text, or where it is taken from; `None` when that cannot be.
pub(super) fn text(check: &mut Check<'_>, key: &str, written: Located<RawText>) -> Option<TextSource> {
    let Located { value, place } = written;
    let source = match value {
        RawText::Fixed(value) => {
            check.name(&quote(key), &Located { value: value.clone(), place });
            return Some(TextSource::Fixed(value));
        }
        RawText::From(source) => source,
    };
    match source {
        RawTextSource { label: Some(label), annotation: None, namespace: None, object: None } => {
            patterns::key(check, label).map(TextSource::Label)
        }
        RawTextSource { label: None, annotation: Some(annotation), namespace: None, object: None } => {
            patterns::key(check, annotation).map(TextSource::Annotation)
        }
        RawTextSource { label: None, annotation: None, namespace: Some(name), object: None } => {
            of_namespace(check, &name)
        }
        RawTextSource { label: None, annotation: None, namespace: None, object: Some(object) } => {
            if object.value != "name" {
                let message = format!("{}: nothing but the `name` of an object can be taken", quote(key));
                check.problem(object.place, message, "write `{object: name}`");
            }
            Some(TextSource::ObjectName)
        }
        _ => {
            let message = format!("{} is taken from none or several places", quote(key));
            check.problem(place, message, "write one of `label`, `annotation`, `namespace`, `object`");
            None
        }
    }
}

fn of_namespace(check: &mut Check<'_>, pattern: &Located<String>) -> Option<TextSource> {
    let parts = pattern.value.split_once('*').filter(|(before, after)| {
        let rest = after.chars().all(|letter| letter == '-' || letter.is_ascii_lowercase() || letter.is_ascii_digit());
        patterns::is_beginning(before) && rest && after.len() <= 63
    });
    if let Some((before, after)) = parts {
        return Some(TextSource::Namespace { before: before.to_owned(), after: after.to_owned() });
    }
    let message = format!("`namespace`: {} does not say what to take of the name", quote(&pattern.value));
    check.problem(pattern.place, message, "put one star where it stands, as in `shop-*`, or `*` for the whole name");
    None
}
