//! What all checks look at.

use std::collections::BTreeMap;

use crate::engine::rego::analysis::program::{Definition, Part, Program, package_of};
use crate::engine::rego::analysis::{EntryRule, PackageRules};
use crate::engine::rego::fault::PolicyFault;
use crate::engine::rego::metadata::{Annotation, Metadata};

use super::facts::{self, Facts};

/// The policies, and what was found out about them.
pub(super) struct Context<'policy> {
    pub(super) program: &'policy Program<'policy>,
    /// What each definition of the program reads and calls, in the program's order.
    pub(super) facts: Vec<Facts>,
    pub(super) packages: Vec<PackageView>,
    /// The numbers of each package's definitions that are no tests.
    by_package: BTreeMap<String, Vec<usize>>,
    /// What is below `data` and not looked into: packages of files that could not be parsed, and data documents.
    pub(super) opaque: Vec<String>,
}

/// A package, from all its files.
pub(super) struct PackageView {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) entries: Vec<EntryRule>,
    pub(super) annotation: Annotation,
}

impl PackageView {
    /// Whether a rule of the configuration can name it.
    pub(super) fn is_policy(&self) -> bool {
        !self.entries.is_empty() && !self.name.ends_with("_test")
    }

    /// A fault at the line of `package`.
    pub(super) fn fault(&self, code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> PolicyFault {
        PolicyFault::at(&self.path, (self.line, 1), code, message, hint)
    }
}

impl<'policy> Context<'policy> {
    pub(super) fn new(
        program: &'policy Program<'policy>,
        packages: Vec<PackageRules>,
        metadata: &BTreeMap<String, Metadata>,
        opaque: Vec<String>,
    ) -> Self {
        let packages = packages.into_iter().map(|package| view(package, program, metadata)).collect();
        let mut by_package: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, definition) in program.definitions.iter().enumerate().filter(|(_, definition)| !definition.test) {
            let package = definition.home.join(".");
            by_package.entry(package).or_default().push(number);
        }
        Self { program, facts: facts::of(program), packages, by_package, opaque }
    }

    /// The definitions of a package that are no tests, with their facts.
    pub(super) fn of_package(&self, name: &str) -> impl Iterator<Item = (&Definition<'policy>, &Facts)> {
        let numbers = self.by_package.get(name).into_iter().flatten();
        numbers.filter_map(|number| self.program.definitions.get(*number).zip(self.facts.get(*number)))
    }

    /// Every definition with its facts.
    pub(super) fn definitions(&self) -> impl Iterator<Item = (&Definition<'policy>, &Facts)> {
        self.program.definitions.iter().zip(&self.facts)
    }

    /// The policies: packages that say something.
    pub(super) fn policies(&self) -> impl Iterator<Item = &PackageView> {
        self.packages.iter().filter(|package| package.is_policy())
    }
}

/// The package with the annotations of all its files; of two that say the same, the first file's counts.
fn view(package: PackageRules, program: &Program<'_>, metadata: &BTreeMap<String, Metadata>) -> PackageView {
    let mut annotation = Annotation::default();
    let (mut path, mut line) = (package.path, package.line);
    for file in program.files.iter().filter(|file| package_of(file).is_ok_and(|name| name.join(".") == package.package))
    {
        let span = &file.package.span;
        let Some(said) = metadata.get(span.source.get_path()).map(|metadata| metadata.package.clone()) else {
            continue;
        };
        // What is wrong with METADATA is said where it is.
        if annotation == Annotation::default() && said != Annotation::default() {
            (path, line) = (span.source.get_path().clone(), span.line);
        }
        annotation = annotation.or(said);
    }
    PackageView { name: package.package, path, line, entries: package.entry_rules, annotation }
}

/// The parts as names; none when one of them is not known.
pub(super) fn names(path: &[Part]) -> Option<Vec<String>> {
    let name = |part: &Part| match part {
        Part::Name(name) => Some(name.clone()),
        Part::Any => None,
    };
    path.iter().map(name).collect()
}
