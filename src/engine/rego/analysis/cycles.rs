//! Recursion: regorus follows it until the stack is full, which ends the process.

use super::PolicyFault;
use super::graph::Graph;
use super::program::Program;

/// The most that a chain of rules which use each other may take of the stack, in units of about 70 bytes (see
/// [`super::walk`]): about 5 MiB. Measured: a chain of 1,800 plain rules overflows a stack of 8 MiB.
const MAX_UNITS: usize = 1 << 16;
/// The most faults, and the most names in one, that are told: each back reference is a cycle.
const MAX_FAULTS: usize = 50;
const MAX_NAMES: usize = 10;

pub(super) fn check(program: &Program<'_>, graph: &Graph, faults: &mut Vec<PolicyFault>) {
    graph.search(program, faults);
}

impl Graph {
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
