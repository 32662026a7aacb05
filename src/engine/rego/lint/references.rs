//! References to parts of `input` and `data` that do not exist. In Rego they are undefined, silently.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::text::nearest;
use crate::engine::rego::analysis::program::{Part, package_of, parts, shown};
use crate::engine::rego::fault::PolicyFault;
use crate::engine::rego::{data, schema};

use super::context::{Context, names};
use super::facts::Read;
use super::lookup::{self, Miss, Reason};

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<PolicyFault>) {
    let known = Known { input: schema::input(), data: schema::data(), packages: Packages::of(context) };
    let imported = imports(context, &known, faults);
    let told =
        |read: &Read, file: &str| imported.iter().any(|(of_file, path)| of_file == file && read.path.starts_with(path));
    for (definition, facts) in context.definitions().filter(|(definition, _)| !definition.test) {
        let file = definition.source();
        let reads = facts.reads.iter().filter(|read| !told(read, file));
        faults.extend(reads.filter_map(|read| known.fault(read, file)));
    }
}

/// What is imported must exist, in tests too. Returns the imports that do not, with their files.
fn imports(context: &Context<'_>, known: &Known, faults: &mut Vec<PolicyFault>) -> Vec<(String, Vec<Part>)> {
    let mut missing = Vec::new();
    for file in &context.program.files {
        for import in &file.imports {
            let Some(path) = parts(&import.refr) else { continue };
            let span = import.refr.span();
            let place = (span.line, span.col);
            let places = vec![place; path.len().saturating_sub(1)];
            let read = Read { path, text: span.text().to_owned(), place, places, used: true, has_default: false };
            let path = file.package.span.source.get_path();
            if let Some(fault) = known.fault(&read, path) {
                faults.push(fault);
                missing.push((path.clone(), read.path));
            }
        }
    }
    missing
}

struct Known {
    input: Value,
    data: Value,
    packages: Packages,
}

impl Known {
    fn fault(&self, read: &Read, file: &str) -> Option<PolicyFault> {
        match read.path.as_slice() {
            [Part::Name(root), below @ ..] if root == "input" => {
                missing(read, &self.input, below, file, ("unknown_input", "input", "--input"))
            }
            [Part::Name(root), Part::Name(own), below @ ..] if root == "data" && own == data::ROOT => {
                missing(read, &self.data, below, file, ("unknown_data", "data.holdpoint", "--data"))
            }
            [Part::Name(root), below @ ..] if root == "data" => self.packages.fault(read, below, file),
            _ => None,
        }
    }
}

/// The fault of a path that a schema has no room for, when it is written here and not where its beginning got a name.
fn missing(
    read: &Read,
    schema: &Value,
    below: &[Part],
    file: &str,
    (code, root, option): (&'static str, &str, &str),
) -> Option<PolicyFault> {
    let Miss { position, reason } = lookup::miss(schema, below)?;
    let from_end = below.len().checked_sub(position)?;
    let place = read.places.get(read.places.len().checked_sub(from_end)?)?;
    let beginning = below.get(..position)?;
    let above = if beginning.is_empty() { root.to_owned() } else { shown(beginning).replacen("data", root, 1) };
    let part = match below.get(position)? {
        Part::Name(name) => name.as_str(),
        Part::Any => "_",
    };
    let known = match &reason {
        Reason::Unknown(known) => known.as_slice(),
        Reason::List | Reason::Scalar => &[],
    };
    let why = match reason {
        Reason::Unknown(_) => format!("there is no `{part}` in `{above}`"),
        Reason::List => format!("`{above}` is a list, which has no `{part}`"),
        Reason::Scalar => format!("`{above}` is a single value, which has no parts"),
    };
    let message = format!("{why}, so `{}` {}", read.text, outcome(read));
    let hint = match (nearest(part, known.iter().map(String::as_str)), &known) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => format!("`holdpoint schema {option}` prints what there is"),
        (None, known) => format!("it has `{}`", known.join("`, `")),
    };
    Some(PolicyFault::at(file, *place, code, message, hint))
}

/// What a reference to nothing comes to.
const fn outcome(read: &Read) -> &'static str {
    if read.has_default { "is always its default" } else { "is undefined" }
}

/// The packages and rules that are loaded.
struct Packages {
    /// The paths of packages and rules below `data`, and everything above them.
    above: BTreeSet<Vec<String>>,
    /// The paths of rules: what lies beneath is their value.
    rules: BTreeSet<Vec<String>>,
    /// The packages, for hints.
    names: BTreeSet<String>,
    /// What is there and not looked into: packages of files that could not be parsed, and data documents.
    opaque: Vec<Vec<String>>,
}

impl Packages {
    fn of(context: &Context<'_>) -> Self {
        let packages: Vec<Vec<String>> =
            context.program.files.iter().filter_map(|file| package_of(file).ok()).collect();
        let rules: BTreeSet<Vec<String>> = context
            .program
            .definitions
            .iter()
            .filter_map(|definition| names(definition.path.get(..=definition.package)?))
            .collect();
        let above = packages.iter().chain(&rules).flat_map(|path| {
            (0..=path.len()).filter_map(|length| path.get(..length)).map(<[String]>::to_vec).collect::<Vec<_>>()
        });
        let split = |name: &String| name.split('.').map(str::to_owned).collect();
        Self {
            above: above.collect(),
            names: packages.iter().map(|package| package.join(".")).collect(),
            rules,
            opaque: context.opaque.iter().map(split).collect(),
        }
    }

    fn fault(&self, read: &Read, below: &[Part], file: &str) -> Option<PolicyFault> {
        let named: Vec<&Part> = below.iter().take_while(|part| matches!(part, Part::Name(_))).collect();
        let path: Vec<String> =
            named.into_iter().filter_map(|part| names(std::slice::from_ref(part))).flatten().collect();
        let beneath_rule =
            (1..=path.len()).filter_map(|length| path.get(..length)).any(|part| self.rules.contains(part));
        let is_opaque = self.opaque.iter().any(|package| path.starts_with(package));
        if self.above.contains(&path) || beneath_rule || is_opaque {
            return None;
        }
        let dotted = path.join(".");
        let message = format!("nothing is at `data.{dotted}`, so `{}` {}", read.text, outcome(read));
        let hint = nearest(&dotted, self.names.iter().map(String::as_str)).map_or_else(
            || "policies see `data.holdpoint` and the packages that are loaded with them".to_owned(),
            |near| format!("did you mean `data.{near}`?"),
        );
        Some(PolicyFault::at(file, read.place, "unknown_path", message, hint))
    }
}
