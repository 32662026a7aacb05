//! Recursion: regorus follows it until the stack is full, which ends the process.
//!
//! The graph has a vertex for each definition of a rule and one for each part of a path. A reference leads to the
//! definitions it could mean: those above it, itself, and all beneath. A part that is not known could be any.

use super::PolicyFault;
use super::program::{Part, Program, package_of, parts};
use super::walk::{self, Scopes, Visitor};
use regorus::unstable::{Expr, WithModifier};
use std::collections::{BTreeMap, BTreeSet};

/// The most that a chain of rules which use each other may take of the stack, in units of about 70 bytes (see
/// [`walk`]): about 5 MiB. Measured: a chain of 1,800 plain rules overflows a stack of 8 MiB.
const MAX_UNITS: usize = 1 << 16;
/// The most faults, and the most names in one, that are told: each back reference is a cycle.
const MAX_FAULTS: usize = 50;
const MAX_NAMES: usize = 10;
/// What a rule takes besides its expressions.
const RULE_UNITS: usize = 64;

pub(super) fn check(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    let mut graph = Graph::new(program);
    for (index, definition) in program.definitions.iter().enumerate() {
        let package = package_of(definition.file).unwrap_or_default();
        let mut uses = Uses { program, package: &package, found: Vec::new(), units: 0 };
        walk::rule(definition.rule, &mut uses);
        graph.units.push(RULE_UNITS + uses.units);
        for path in uses.found {
            graph.connect(index, &path);
        }
    }
    graph.search(program, faults);
}

/// The full paths below `data` that a rule reads or calls.
struct Uses<'check, 'policy> {
    program: &'check Program<'policy>,
    package: &'check [String],
    found: Vec<Vec<Part>>,
    units: usize,
}

impl Uses<'_, '_> {
    fn add(&mut self, expression: &Expr, scopes: &Scopes) {
        let Some(path) = parts(expression) else { return };
        let local = matches!(path.first(), Some(Part::Name(root)) if walk::is_local(scopes, root));
        let Some(full) = (if local { None } else { self.program.resolve(self.package, &path) }) else { return };
        if let Some((Part::Name(root), below)) = full.split_first()
            && root == "data"
        {
            self.found.push(below.to_vec());
        }
    }
}

impl Visitor for Uses<'_, '_> {
    fn depth(&mut self, units: usize) {
        self.units = self.units.max(units);
    }

    fn reference(&mut self, expression: &Expr, scopes: &Scopes) {
        self.add(expression, scopes);
    }

    fn call(&mut self, function: &Expr, _arguments: usize, _statement: bool, _scopes: &Scopes) {
        self.add(function, &Vec::new());
    }

    fn with(&mut self, with: &WithModifier, scopes: &Scopes) {
        self.add(&with.r#as, scopes);
    }
}

#[derive(Default)]
struct Vertex {
    leads_to: BTreeSet<usize>,
    /// The vertices of the next part of the path, for vertices of the tree.
    children: BTreeMap<String, usize>,
    any_child: Option<usize>,
    /// The definitions whose path ends here.
    definitions: Vec<usize>,
}

struct Graph {
    /// First one for each definition, then the tree of paths.
    vertices: Vec<Vertex>,
    root: usize,
    /// What each definition takes of the stack.
    units: Vec<usize>,
}

impl Graph {
    fn new(program: &Program<'_>) -> Self {
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

    /// A search in depth, without recursion: a vertex that is met while it is open closes a cycle.
    fn search(&self, program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
        let mut depths: Vec<Option<usize>> = vec![None; self.vertices.len()];
        let mut open = vec![false; self.vertices.len()];
        for start in 0..program.definitions.len() {
            if depths.get(start).is_some_and(Option::is_some) {
                continue;
            }
            let mut trail = vec![self.step(start)];
            mark(&mut open, start, true);
            while let Some(step) = trail.last_mut() {
                let Some(next) = step.rest.pop() else {
                    let (at, depth) = (step.at, step.depth + self.units.get(step.at).copied().unwrap_or(0));
                    trail.pop();
                    mark(&mut open, at, false);
                    if let Some(slot) = depths.get_mut(at) {
                        *slot = Some(depth);
                    }
                    if let Some(parent) = trail.last_mut() {
                        parent.depth = parent.depth.max(depth);
                    }
                    self.too_deep(program, at, depth, faults);
                    continue;
                };
                if open.get(next) == Some(&true) {
                    cycle(program, &trail, next, faults);
                } else if let Some(Some(depth)) = depths.get(next) {
                    step.depth = step.depth.max(*depth);
                } else {
                    mark(&mut open, next, true);
                    trail.push(self.step(next));
                }
            }
        }
    }

    /// Reports the rule with which a chain becomes too long, not all that use it.
    fn too_deep(&self, program: &Program<'_>, at: usize, depth: usize, faults: &mut Vec<PolicyFault>) {
        let own = self.units.get(at).copied().unwrap_or(0);
        if depth > MAX_UNITS
            && depth - own <= MAX_UNITS
            && let Some(rule) = program.definitions.get(at)
        {
            let message = format!("`{}` starts a chain of rules that is too long to evaluate", rule.shown());
            faults.push(rule.fault("too_many_dependencies", message, "let the rules use fewer others"));
        }
    }

    fn step(&self, at: usize) -> Step {
        let rest = self.vertices.get(at).map(|vertex| vertex.leads_to.iter().copied().collect());
        Step { at, rest: rest.unwrap_or_default(), depth: 0 }
    }
}

struct Step {
    at: usize,
    rest: Vec<usize>,
    depth: usize,
}

fn mark(open: &mut [bool], at: usize, value: bool) {
    if let Some(slot) = open.get_mut(at) {
        *slot = value;
    }
}

fn cycle(program: &Program<'_>, trail: &[Step], back_to: usize, faults: &mut Vec<PolicyFault>) {
    if faults.len() >= MAX_FAULTS {
        return;
    }
    let closed = trail.iter().skip_while(|step| step.at != back_to).filter_map(|step| program.definitions.get(step.at));
    let rules: Vec<_> = closed.collect();
    let Some(first) = rules.first() else { return };
    let beyond = if rules.len() > MAX_NAMES { "… -> " } else { "" };
    let names = rules.iter().take(MAX_NAMES).map(|rule| rule.shown() + " -> ").collect::<String>();
    let message = format!("the rule depends on itself: {names}{beyond}{}", first.shown());
    faults.push(first.fault("recursion", message, "use `walk`, `graph.reachable` or a comprehension instead"));
}
