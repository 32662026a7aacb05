//! `policy lint`: what is wrong with policies, all of it in one run.
//!
//! What keeps policies from being loaded is found by the analysis that loading uses. Beyond that, only what no general
//! linter of Rego can know is looked for: holdpoint's contract with policies. Style is Regal's.
//!
//! | module | looks for |
//! | --- | --- |
//! | `metadata` | what messages and lists need to know of a policy |
//! | `parameters` | parameters that the schema and the policy do not agree on |
//! | `references` | parts of `input` and `data` that do not exist, by their JSON Schemas |
//! | `cost` | work that grows with the number of records; clocks |
//! | `entries` | rules that decide and are not heard |
//! | `layout` | policies without tests, and in a folder that is not their path |
//! | `suppress` | comments that accept a finding |
//!
//! `facts` has what each rule reads and calls, once for all of them.

mod codes;
mod context;
mod cost;
mod entries;
mod facts;
mod layout;
mod lookup;
mod meaning;
mod metadata;
mod parameters;
mod references;
mod suppress;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use regorus::Engine;

use crate::domain::lint::{LintCode, LintFinding, LintReport};
use crate::domain::policy::DataText;

use super::super::LoadError;
use super::analysis::program::{Kind, Part, Program, package_of};
use super::documents::Documents;
use super::fault::{self, PolicyFault};
use super::files::Which;
use super::gather::{self, Gathered, PolicyInput};
use super::{analysis, load, misplaced, worker};

use context::Context;

/// Nothing is evaluated but what the engine works out when it compiles.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The columns that the engine counts for a tab.
const TAB: u32 = 4;

/// Looks for mistakes in the policies of these places, tests included.
///
/// # Errors
/// A path that cannot be read, a folder without policies, too many or too large files; two bundles that claim the same.
pub fn lint(inputs: &[PolicyInput]) -> Result<LintReport, LoadError<PolicyFault>> {
    let gathered = gather::gather(inputs, Which::PoliciesAndTests).map_err(|fault| LoadError(vec![fault]))?;
    let files = &gathered.policies;
    let faults = worker::on_large_stack(|| find(&gathered)).unwrap_or_else(|panic| vec![load::crashed(&panic)]);
    let texts: BTreeMap<&str, &str> = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let mut findings: Vec<LintFinding> = faults.into_iter().filter_map(|fault| finding(fault, &texts)).collect();
    findings.retain(|finding| finding.code.name != layout::TEST_MISSING || !gathered.is_without_tests(&finding.path));
    findings.sort_by(|one, other| order(one).cmp(&order(other)));
    findings.dedup();
    Ok(LintReport { files: files.len(), findings: suppress::apply(findings, files) })
}

/// Every kind of finding: what keeps policies from being loaded, then what else is found.
pub fn lint_codes() -> impl Iterator<Item = &'static LintCode> {
    codes::all()
}

fn order(finding: &LintFinding) -> (&str, u32, u32, &str, &str) {
    (&finding.path, finding.line, finding.column, finding.code.name, &finding.message)
}

fn find(files: &Gathered) -> Vec<PolicyFault> {
    let mut engine = match load::new_engine(TIMEOUT) {
        Ok(engine) => engine,
        Err(fault) => return vec![fault],
    };
    let of_tests = files.policies.iter().filter(|file| file.path.ends_with("_test.rego"));
    let mut faults: Vec<PolicyFault> = of_tests.filter_map(misplaced::check).collect();
    let (mut annotations, mut broken) = (BTreeMap::new(), Vec::new());
    for file in &files.policies {
        match load::add(&mut engine, file) {
            Ok((metadata, _version)) => drop(annotations.insert(file.path.clone(), metadata)),
            Err(fault) => {
                faults.push(fault);
                broken.extend(package_in(&file.text));
            }
        }
    }
    let (modules, misnamed): (Vec<_>, Vec<_>) =
        engine.get_modules().iter().cloned().partition(|module| package_of(module).is_ok());
    faults.extend(misnamed.iter().filter_map(|module| package_of(module).err()));
    let (data_roots, unreadable) = data_roots(&files.data);
    faults.extend(unreadable);
    faults.extend(files.outside_roots(&modules));
    let refusals = analysis::check(&modules);
    let Ok(program) = Program::new(&modules) else { return faults };
    faults.extend(refusals.into_iter().filter(|fault| !of_what_is_broken(fault, &program, &broken)));
    if faults.is_empty() {
        faults.extend(compile(&mut engine, &program));
    }
    let packages = analysis::packages(&modules);
    let opaque = broken.into_iter().chain(data_roots).collect();
    let context = Context::new(&program, packages, &annotations, opaque);
    for check in [metadata::check, parameters::check, references::check, cost::check, entries::check, layout::check] {
        check(&context, &mut faults);
    }
    faults
}

/// The first names below `data` of all documents, and what is wrong with these.
fn data_roots(documents: &[DataText]) -> (Vec<String>, Option<PolicyFault>) {
    let (names, fault) = match Documents::read(documents) {
        Ok(documents) => (documents.names(), None),
        Err(fault) => (Vec::new(), Some(fault)),
    };
    (names, fault)
}

/// The package of a file that cannot be parsed, as far as its text tells.
fn package_in(text: &str) -> Option<String> {
    let name = text.lines().find_map(|line| line.strip_prefix("package "))?;
    name.split_whitespace().next().map(str::to_owned)
}

/// Whether a function is only missing because the file that defines it cannot be parsed.
fn of_what_is_broken(fault: &PolicyFault, program: &Program<'_>, broken: &[String]) -> bool {
    if fault.code != "unknown_function" {
        return false;
    }
    let file = program.files.iter().find(|file| *file.package.span.source.get_path() == fault.path);
    let package = file.and_then(|file| package_of(file).ok()).unwrap_or_default();
    let imports = program.imports.get(&package);
    let imported = imports.into_iter().flat_map(BTreeMap::values).filter_map(|path| context::names(path.get(1..)?));
    let mut reachable = imported.map(|names| names.join(".")).chain([package.join(".")]);
    reachable.any(|name| broken.contains(&name))
        || broken.iter().any(|name| fault.message.contains(&format!("`data.{name}.")))
}

/// What the engine finds when it orders the statements of all rules.
fn compile(engine: &mut Engine, program: &Program<'_>) -> Option<PolicyFault> {
    let evaluated = |kind: Kind| !matches!(kind, Kind::Function(_));
    let mut definitions = program.definitions.iter();
    let first = definitions.find(|rule| evaluated(rule.kind) && !rule.path.contains(&Part::Any))?;
    let path: Arc<str> = first.shown().into();
    let error = engine.compile_with_entrypoint(&path).err()?;
    Some(fault::of_engine(first.source(), &error))
}

/// The fault as a finding, with its line.
fn finding(fault: PolicyFault, texts: &BTreeMap<&str, &str>) -> Option<LintFinding> {
    let code = codes::of_fault(fault.code)?;
    let lines = texts.get(fault.path.as_str()).map(|text| text.lines());
    let index = usize::try_from(fault.line).ok()?.checked_sub(1);
    let excerpt = index.and_then(|index| lines?.nth(index));
    Some(LintFinding {
        line: fault.line,
        column: excerpt.map_or(0, |line| character_at(line, fault.column)),
        path: fault.path,
        code,
        message: fault.message,
        hint: fault.hint,
        excerpt: excerpt.map(str::to_owned),
    })
}

/// The character, from 1, at a column of the engine; 0 when the column is not known.
fn character_at(line: &str, column: u32) -> u32 {
    let mut passed = 1;
    let mut character = u32::from(column > 0);
    for next in line.chars() {
        passed += if next == '\t' { TAB } else { 1 };
        if passed > column {
            break;
        }
        character += 1;
    }
    character
}

#[cfg(test)]
mod tests {
    use super::character_at;

    #[test]
    fn columns_become_characters() {
        for (line, column, expected) in
            [("abc", 0, 0), ("abc", 1, 1), ("abc", 3, 3), ("\tabc", 5, 2), ("\t\tx", 9, 3), ("abc", 9, 4), ("", 1, 1)]
        {
            assert_eq!(character_at(line, column), expected, "{line:?} {column}");
        }
    }
}
