//! The policies' texts with a copy of each clause, and the rules that an explanation asks for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use regorus::Engine;

use super::super::analysis::{self, EntryClause, PackageClauses, PackageRules};
use super::super::chainloop;
use super::super::documents::Documents;
use super::super::fault::{self, PolicyFault};
use super::super::files::PolicyFile;
use super::super::gather::Gathered;
use super::super::load;
use super::super::package;

/// The package of the rules that are asked for values.
const PACKAGE: &str = "holdpoint_explain";
/// What the names of copies begin with, lengthened until no policy uses it.
const PREFIX: &str = "holdpoint_clause_";
/// Bytes shown of the line that a clause begins with.
const LINE_LIMIT: usize = 200;

/// What can be asked of each package.
#[derive(Debug, Default)]
pub(super) struct Explainable {
    /// The clauses with the rules that are copies of them.
    clauses: BTreeMap<String, Vec<(EntryClause, String)>>,
    /// The names of other rules, with the rules that have their values.
    values: BTreeMap<String, Vec<(String, String)>>,
    /// By package and name, the rules for what entries stand for that no rule of the policy is.
    composed: BTreeMap<(String, String), String>,
}

impl Explainable {
    pub(super) fn clauses_of(&self, package: &str) -> &[(EntryClause, String)] {
        self.clauses.get(package).map(Vec::as_slice).unwrap_or_default()
    }

    /// The rule to ask for what an entry says.
    pub(super) fn rule_of(&self, package: &str, entry: &str) -> String {
        let composed = self.composed.get(&(package.to_owned(), entry.to_owned()));
        composed.cloned().unwrap_or_else(|| format!("data.{package}.{entry}"))
    }

    pub(super) fn values_of(&self, package: &str) -> &[(String, String)] {
        self.values.get(package).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Builds an engine of these policies, which have been loaded before, and says what it can be asked.
///
/// # Errors
/// A policy that cannot be read once more, such as one that is too large for its copies.
pub(super) fn build(gathered: &Gathered, rule_timeout: Duration) -> Result<(Engine, Explainable), PolicyFault> {
    let files = &gathered.policies;
    let mut original = load::new_engine(rule_timeout)?;
    for file in files {
        load::add(&mut original, file)?;
    }
    let completions = chainloop::completions(original.get_modules());
    for file in &completions {
        load::add(&mut original, file)?;
    }
    let packages = analysis::clauses(original.get_modules());
    let mut copies = Copies::new(files);
    for (name, package) in packages {
        copies.add(name, package);
    }
    for package in analysis::packages(original.get_modules()) {
        copies.compose(&package);
    }
    let mut engine = load::new_engine(rule_timeout)?;
    for file in files.iter().chain(&completions) {
        let text = format!("{}\n{}", file.text, copies.texts.remove(&file.path).unwrap_or_default());
        load::add(&mut engine, &PolicyFile { path: file.path.clone(), text, version: file.version })?;
    }
    let data = Documents::read(&gathered.data)?.into_data();
    engine.add_data(data).map_err(|error| fault::of_engine("", &error))?;
    engine.set_rego_v0(false);
    let added = engine.add_policy(PACKAGE.to_owned(), copies.module);
    added.map_err(|error| fault::of_engine(PACKAGE, &error))?;
    Ok((engine, copies.explainable))
}

struct Copies {
    prefix: String,
    count: usize,
    /// What is added to each file.
    texts: BTreeMap<String, String>,
    /// The module of the values.
    module: String,
    explainable: Explainable,
}

impl Copies {
    fn new(files: &[PolicyFile]) -> Self {
        let mut prefix = PREFIX.to_owned();
        while files.iter().any(|file| file.text.contains(&prefix)) {
            prefix.push('_');
        }
        let module = format!("package {PACKAGE}\n");
        Self { prefix, count: 0, texts: BTreeMap::new(), module, explainable: Explainable::default() }
    }

    fn add(&mut self, package: String, rules: PackageClauses) {
        let mut clauses = Vec::new();
        for clause in rules.clauses {
            let name = self.next();
            let Some(copy) = clause.renamed(&name) else { continue };
            let text = self.texts.entry(clause.path.clone()).or_default();
            text.push_str(&copy);
            text.push('\n');
            clauses.push((clause, format!("data.{package}.{name}")));
        }
        let mut values = Vec::new();
        for value in rules.values {
            let name = self.next();
            // In brackets, since a rule may be called by what is a keyword elsewhere. Writing to a text cannot fail.
            let _written = writeln!(self.module, "{name} := data.{package}[\"{value}\"]");
            values.push((value, format!("data.{PACKAGE}.{name}")));
        }
        self.explainable.clauses.insert(package.clone(), clauses);
        self.explainable.values.insert(package, values);
    }

    /// Adds the `result` that a policy of Chainloop leaves out.
    fn compose(&mut self, package: &PackageRules) {
        for rule in package.entry_rules.iter().filter(|rule| package::is_composed(rule.kind, &rule.name)) {
            let name = self.next();
            let _written = writeln!(self.module, "{name} := {}", chainloop::composed_result(&package.package));
            let entry = (package.package.clone(), rule.name.clone());
            self.explainable.composed.insert(entry, format!("data.{PACKAGE}.{name}"));
        }
    }

    fn next(&mut self) -> String {
        self.count += 1;
        format!("{}{}", self.prefix, self.count)
    }
}

/// The line that a clause begins with, shortened.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    match line.char_indices().find(|(start, _letter)| *start >= LINE_LIMIT) {
        Some((cut, _letter)) => format!("{} …", line.get(..cut).unwrap_or_default()),
        None => line.to_owned(),
    }
}
