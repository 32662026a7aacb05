//! Parameters: their schema, and whether the policy and the schema agree on them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::domain::text::nearest;
use crate::engine::rego::analysis::program::{Part, shown};
use crate::engine::rego::fault::PolicyFault;

use super::context::{Context, PackageView, names};
use super::facts::{Facts, Place, Read};
use super::lookup::{self, Reason};

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<PolicyFault>) {
    let uses = Uses::of(context);
    for policy in context.policies() {
        let reads = own_reads(context, policy);
        match &policy.annotation.parameters {
            None => {
                let place = reads.first().map(|(source, read)| (*source, read.place));
                let through_others = || uses.read_by(policy).is_some_and(|read| !read.is_empty());
                let (source, place) = match place {
                    Some(place) => place,
                    None if through_others() => (policy.path.as_str(), (policy.line, 1)),
                    None => continue,
                };
                let message = format!("the policy `{}` reads parameters and has no schema of them", policy.name);
                let hint = "describe them in `custom.parameters` of the METADATA, as a JSON Schema";
                faults.push(PolicyFault::at(source, place, "parameters_missing", message, hint));
            }
            Some(schema) => {
                let Some(properties) = sound(policy, schema, faults) else { continue };
                faults.extend(reads.iter().filter_map(|(source, read)| unknown(schema, source, read)));
                uses.unused(policy, properties, faults);
            }
        }
    }
}

/// What the policy's own package reads of `input.parameters`.
fn own_reads<'a>(context: &'a Context<'_>, policy: &PackageView) -> Vec<(&'a str, &'a Read)> {
    let own = context.of_package(&policy.name);
    own.flat_map(|(definition, facts)| facts.reads.iter().map(move |read| (definition.source(), read)))
        .filter(|(_, read)| below(read).is_some())
        .collect()
}

/// What follows `input.parameters`.
fn below(read: &Read) -> Option<&[Part]> {
    match read.path.as_slice() {
        [Part::Name(root), Part::Name(name), below @ ..] if root == "input" && name == "parameters" => Some(below),
        _ => None,
    }
}

/// The parameters of a schema that is one.
fn sound<'schema>(
    policy: &PackageView,
    schema: &'schema Value,
    faults: &mut Vec<PolicyFault>,
) -> Option<&'schema Map<String, Value>> {
    let name = &policy.name;
    let fault = |message: String, hint: &str| policy.fault("parameters_schema", message, hint);
    let properties = schema.get("properties").and_then(Value::as_object);
    let (Some("object"), Some(properties)) = (schema.get("type").and_then(Value::as_str), properties) else {
        let message = format!("`custom.parameters` of `{name}` is no schema of an object with `properties`");
        faults.push(fault(message, "write `type: object`, and each parameter beneath `properties`"));
        return None;
    };
    if let Err(error) = jsonschema::draft202012::new(schema) {
        let message =
            format!("`custom.parameters` of `{name}` is no JSON Schema: {error} (at `{}`)", error.instance_path());
        faults.push(fault(message, "correct the schema; it is of draft 2020-12"));
        return None;
    }
    if schema.get("additionalProperties").is_none() {
        let message = format!("`custom.parameters` of `{name}` accepts parameters of any name");
        faults.push(policy.fault("parameters_open", message, "add `additionalProperties: false`"));
    }
    for (parameter, described) in properties {
        defaults(policy, parameter, described, faults);
    }
    Some(properties)
}

fn defaults(policy: &PackageView, parameter: &str, schema: &Value, faults: &mut Vec<PolicyFault>) {
    if let Some(default) = schema.get("default") {
        // A part that refers to the rest of the schema cannot be checked alone.
        let refusal = jsonschema::draft202012::new(schema)
            .ok()
            .and_then(|one| one.validate(default).err().map(|error| error.to_string()));
        if let Some(refusal) = refusal {
            let message = format!("the default of `{parameter}` does not fit its schema: {refusal}");
            faults.push(policy.fault("parameter_default", message, "correct the default or the schema"));
        }
    }
    let described = schema.get("description").and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
    if !described {
        let message = format!("the parameter `{parameter}` has no description");
        faults.push(policy.fault("parameter_description", message, "say in `description` what it does"));
    }
}

/// The fault of a parameter that the schema does not have.
fn unknown(schema: &Value, source: &str, read: &Read) -> Option<PolicyFault> {
    let below = below(read)?;
    let properties = schema.get("properties")?.as_object()?;
    let (position, known) = match below {
        [Part::Name(name), ..] if !properties.contains_key(name) && schema.get("patternProperties").is_none() => {
            (0, properties.keys().cloned().collect())
        }
        _ => match lookup::miss(schema, below)? {
            lookup::Miss { position, reason: Reason::Unknown(known) } => (position, known),
            lookup::Miss { position, .. } => (position, Vec::new()),
        },
    };
    let place: Place = *read.places.get(read.places.len().checked_sub(below.len().checked_sub(position)?)?)?;
    let path = shown(below.get(..=position)?).replacen("data", "input.parameters", 1);
    let message = format!("the schema of the parameters has no `{path}`");
    let name = names(below.get(position..=position)?).unwrap_or_default().concat();
    let hint = nearest(&name, known.iter().map(String::as_str)).map_or_else(
        || "add it to `custom.parameters` of the METADATA".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Some(PolicyFault::at(source, place, "parameter_unknown", message, hint))
}

/// What rules read of the parameters, through the rules that they use.
struct Uses<'context> {
    /// The definitions of each rule, by its path below `data`; and of all rules of a package, by the package's.
    rules: BTreeMap<Vec<String>, Vec<usize>>,
    facts: &'context [Facts],
}

impl<'context> Uses<'context> {
    fn of(context: &'context Context<'_>) -> Self {
        let mut rules: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
        for (number, (definition, _)) in context.definitions().enumerate().filter(|(_, (rule, _))| !rule.test) {
            let Some(path) = definition.path.get(..=definition.package).and_then(names) else { continue };
            rules.entry(path.get(..definition.package).unwrap_or_default().to_vec()).or_default().push(number);
            rules.entry(path).or_default().push(number);
        }
        Self { rules, facts: &context.facts }
    }

    /// Faults for the parameters that nothing reads. When the parameters are used as a whole, any may be.
    fn unused(&self, policy: &PackageView, properties: &Map<String, Value>, faults: &mut Vec<PolicyFault>) {
        let Some(read) = self.read_by(policy) else { return };
        for name in properties.keys().filter(|name| !read.contains(name.as_str())) {
            let message = format!("nothing in `{}` reads the parameter `{name}`", policy.name);
            let hint = "read it, or take it out of `custom.parameters`";
            faults.push(policy.fault("parameter_unused", message, hint));
        }
    }

    /// The parameters that the policy reads; none when that cannot be told.
    fn read_by(&self, policy: &PackageView) -> Option<BTreeSet<&str>> {
        let package: Vec<String> = policy.name.split('.').map(str::to_owned).collect();
        let mut open = self.rules.get(&package)?.clone();
        let mut seen = BTreeSet::new();
        let mut read = BTreeSet::new();
        while let Some(number) = open.pop() {
            let Some(facts) = self.facts.get(number).filter(|_| seen.insert(number)) else { continue };
            for one in &facts.reads {
                match one.path.as_slice() {
                    [Part::Name(root)] if root == "input" && one.used => return None,
                    [Part::Name(root), Part::Any, ..] if root == "input" => return None,
                    _ => {}
                }
                match below(one) {
                    Some([Part::Name(name), ..]) => drop(read.insert(name.as_str())),
                    Some([Part::Any, ..]) => return None,
                    Some([]) if one.used => return None,
                    _ => {}
                }
                open.extend(self.reached(&one.path));
            }
            let called = facts.calls.iter().filter_map(|call| self.rules.get(call.rule.as_ref()?));
            open.extend(called.flatten());
        }
        Some(read)
    }

    fn reached(&self, path: &[Part]) -> Vec<usize> {
        let [Part::Name(root), below @ ..] = path else { return Vec::new() };
        if root != "data" {
            return Vec::new();
        }
        let named: Vec<String> = below
            .iter()
            .map_while(|part| match part {
                Part::Name(name) => Some(name.clone()),
                Part::Any => None,
            })
            .collect();
        // The longest beginning that is a rule or a package.
        let mut beginnings = (1..=named.len()).rev().filter_map(|length| named.get(..length));
        beginnings.find_map(|beginning| self.rules.get(beginning)).cloned().unwrap_or_default()
    }
}
