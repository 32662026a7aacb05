//! What uses what: the graph of all rules.
//!
//! There is a vertex for each definition of a rule and one for each part of a path. A reference leads to the
//! definitions it could mean: those above it, itself, and all beneath. A part that is not known could be any.

use super::program::{Part, Program};
use super::walk::{Here, Mention, Visitor};
use regorus::unstable::{Expr, Ref, WithModifier};
use std::collections::{BTreeMap, BTreeSet};

/// What a rule takes of the stack besides its expressions, in units of about 70 bytes (see [`walk`]).
const RULE_UNITS: usize = 64;

/// What one definition uses.
#[derive(Default)]
struct Used {
    /// The full paths below `data` that it reads or calls.
    paths: Vec<Vec<Part>>,
    /// How deep its expressions lie in each other.
    units: usize,
}

/// What each definition uses, in the order in which they are walked: that of the program.
#[derive(Default)]
pub(super) struct Uses(Vec<Used>);

impl Uses {
    fn add(&mut self, mention: &Mention<'_>) {
        if let (Some(path), Some(used)) = (mention.below_data(), self.0.last_mut()) {
            used.paths.push(path.to_vec());
        }
    }
}

impl Visitor for Uses {
    fn begin(&mut self) {
        self.0.push(Used::default());
    }

    fn depth(&mut self, units: usize) {
        if let Some(used) = self.0.last_mut() {
            used.units = used.units.max(units);
        }
    }

    fn reference(&mut self, read: &Mention<'_>, _here: &Here<'_, '_>) {
        self.add(read);
    }

    fn call(&mut self, called: &Mention<'_>, _arguments: &[Ref<Expr>], _statement: bool, _here: &Here<'_, '_>) {
        self.add(called);
    }

    fn with(&mut self, with: &WithModifier, here: &Here<'_, '_>) {
        self.add(&here.read(&with.r#as));
    }
}

#[derive(Default)]
pub(super) struct Vertex {
    pub(super) leads_to: BTreeSet<usize>,
    /// The vertices of the next part of the path, for vertices of the tree.
    children: BTreeMap<String, usize>,
    any_child: Option<usize>,
    /// The definitions whose path ends here.
    definitions: Vec<usize>,
}

pub(super) struct Graph {
    /// First one for each definition, in their order, then the tree of paths.
    pub(super) vertices: Vec<Vertex>,
    root: usize,
    /// What each definition takes of the stack.
    pub(super) units: Vec<usize>,
}

impl Graph {
    /// Connects every definition with all that it uses.
    pub(super) fn new(program: &Program<'_>, uses: &Uses) -> Self {
        let mut graph = Self::of_paths(program);
        for (index, used) in uses.0.iter().enumerate() {
            graph.units.push(RULE_UNITS + used.units);
            for path in &used.paths {
                graph.connect(index, path);
            }
        }
        graph
    }

    fn of_paths(program: &Program<'_>) -> Self {
        let root = program.definitions.len();
        let vertices = std::iter::repeat_with(Vertex::default).take(root + 1).collect();
        let mut graph = Self { vertices, root, units: Vec::new() };
        for (index, definition) in program.definitions.iter().enumerate() {
            let mut at = root;
            for part in &definition.path {
                at = graph.child(at, part);
            }
            if let Some(vertex) = graph.vertices.get_mut(at) {
                vertex.definitions.push(index);
                vertex.leads_to.insert(index);
            }
        }
        graph
    }

    fn child(&mut self, parent: usize, part: &Part) -> usize {
        let next = self.vertices.len();
        let Some(vertex) = self.vertices.get_mut(parent) else { return parent };
        let child = match part {
            Part::Name(name) => *vertex.children.entry(name.clone()).or_insert(next),
            Part::Any => *vertex.any_child.get_or_insert(next),
        };
        vertex.leads_to.insert(child);
        if child == next {
            self.vertices.push(Vertex::default());
        }
        child
    }

    /// Lets a definition lead to all that a path could mean.
    fn connect(&mut self, from: usize, path: &[Part]) {
        let mut reached = BTreeSet::new();
        let mut here = BTreeSet::from([self.root]);
        for part in path {
            let vertices = here.iter().filter_map(|&at| self.vertices.get(at));
            let mut next = BTreeSet::new();
            for vertex in vertices {
                reached.extend(vertex.definitions.iter().copied());
                next.extend(vertex.any_child);
                match part {
                    Part::Name(name) => next.extend(vertex.children.get(name).copied()),
                    Part::Any => next.extend(vertex.children.values().copied()),
                }
            }
            here = next;
        }
        // What is left is the whole tree beneath the path.
        reached.extend(here);
        if let Some(vertex) = self.vertices.get_mut(from) {
            vertex.leads_to.extend(reached);
        }
    }
}
