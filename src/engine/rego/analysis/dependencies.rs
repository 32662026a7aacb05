//! Which files a policy needs: the engine looks through all modules that it holds at each reference to `data`, so that a
//! policy is quicker among few.

use super::graph::Graph;
use super::program::{Program, package_of};
use regorus::unstable::Module;
use std::collections::{BTreeMap, BTreeSet};

/// The files that the packages of all policies need.
pub(crate) struct Dependencies {
    graph: Graph,
    /// The file of each definition.
    file_of: Vec<usize>,
    /// The definitions of each file.
    definitions: Vec<Vec<usize>>,
    /// The files of each package.
    packages: BTreeMap<String, Vec<usize>>,
}

impl Dependencies {
    /// Which files the rules of checked policies use; files are counted in their order.
    pub(super) fn new(program: &Program<'_>, graph: Graph) -> Option<Self> {
        let mut packages: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, file) in program.files.iter().enumerate() {
            packages.entry(package_of(file).ok()?.join(".")).or_default().push(number);
        }
        let numbers: BTreeMap<*const Module, usize> =
            (0..).zip(&program.files).map(|(number, file)| (std::ptr::from_ref(*file), number)).collect();
        let file_of =
            program.definitions.iter().map(|definition| numbers.get(&std::ptr::from_ref(definition.file)).copied());
        let file_of = file_of.collect::<Option<Vec<usize>>>()?;
        let mut definitions = vec![Vec::new(); program.files.len()];
        for (definition, file) in file_of.iter().enumerate() {
            definitions.get_mut(*file)?.push(definition);
        }
        Some(Self { graph, file_of, definitions, packages })
    }

    /// The files of a package.
    pub(crate) fn files_of(&self, package: &str) -> BTreeSet<usize> {
        self.packages.get(package).into_iter().flatten().copied().collect()
    }

    /// The files of a package and those they need, transitively: whole files, so that whatever stands in one has all
    /// that it uses.
    pub(crate) fn of(&self, package: &str) -> BTreeSet<usize> {
        let mut files = BTreeSet::new();
        let mut seen = vec![false; self.graph.vertices.len()];
        let mut open: Vec<usize> = Vec::new();
        for file in self.packages.get(package).into_iter().flatten() {
            self.add(*file, &mut files, &mut open);
        }
        while let Some(at) = open.pop() {
            let Some(slot) = seen.get_mut(at) else { continue };
            if std::mem::replace(slot, true) {
                continue;
            }
            if let Some(file) = self.file_of.get(at) {
                self.add(*file, &mut files, &mut open);
            }
            open.extend(self.graph.vertices.get(at).into_iter().flat_map(|vertex| &vertex.leads_to));
        }
        files
    }

    fn add(&self, file: usize, files: &mut BTreeSet<usize>, open: &mut Vec<usize>) {
        if files.insert(file) {
            open.extend(self.definitions.get(file).into_iter().flatten());
        }
    }
}
