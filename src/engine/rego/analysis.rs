//! Faults that regorus accepts when it loads a policy, found in the parsed policies before any is evaluated.
//!
//! regorus checks syntax, and when it prepares some variables. What it leaves out is reported late (when a branch is
//! first reached), never, or by ending the process. Each check here has its file:
//!
//! | file | refuses | without it |
//! | --- | --- | --- |
//! | `calls` | unknown and forbidden functions, wrong numbers of arguments | an error at the first call that is reached |
//! | `cycles` | recursion, chains of rules that are too long | a stack overflow, which ends the process |
//! | `conflicts` | rules that share a name or a path, reserved packages, clashing imports | the last one wins, silently |
//! | `entries` | `deny` and the like that are no collection | a rule that denies is read as something else |
//! | `else_values` | `else` of functions with a value that may be undefined | undefined becomes true, or a later `else` is left out |
//! | `memberships` | `x in y` as a value, where a part may be undefined | false, where OPA says nothing |
//! | `mocks` | `with` on what the decision rests on, outside of tests | a policy that replaces its own evidence |
//! | `references` | paths below `data` where nothing is | undefined, so that a denial is never said |
//! | `shadowing` | `some x` of a name that is taken, `=` with the variable of an `every` | a denial is never said, an `every` is always true |
//! | `unseen` | computed names where the engine evaluates nothing | undefined, so that a denial is never said |
//! | `variables` | variables that nothing binds | `not input.list[x] == 5` is true when any element differs |
//!
//! The policies must have passed [`super::nesting::check`], which bounds how deep the walk goes; run it on the large
//! stack that the evaluation has. The types are regorus' own, of its `unstable` module, and used only in this folder
//! and in `builtins`.

mod calls;
mod clauses;
mod conflicts;
mod cycles;
mod dependencies;
mod else_values;
mod entries;
mod graph;
mod lines;
mod memberships;
mod mocks;
pub(super) mod program;
mod references;
mod shadowing;
mod shape;
mod test_rules;
mod unseen;
mod variables;
pub(super) mod walk;

pub(crate) use clauses::{EntryClause, PackageClauses, clauses};
pub(crate) use conflicts::RESERVED;
pub(crate) use dependencies::Dependencies;
pub(crate) use entries::{EntryKind, EntryRule, PackageRules, kind_of, packages};
pub(crate) use lines::{Lines, lines};
pub(crate) use test_rules::{Expression, Statement, TestKind, TestRule, test_rules};

use super::fault::PolicyFault;
use graph::Graph;
use program::Program;
use regorus::unstable::{Module, Ref};

/// One parsed policy file, as `regorus::Engine::get_modules` lists them.
pub(crate) type ParsedPolicy = Ref<Module>;

/// The file of a policy, and its package from below `data`.
pub(crate) fn place(policy: &ParsedPolicy) -> (&str, Vec<String>) {
    let package = program::package_of(policy).unwrap_or_default();
    (policy.package.span.source.get_path(), package)
}

/// The most statements of one body: regorus orders them in a time that grows with the square.
const MAX_STATEMENTS: usize = 300;

/// What is known of policies that were parsed together.
pub(crate) struct Analysis {
    /// In the order of files and lines, those of references last.
    pub(crate) faults: Vec<PolicyFault>,
    /// Every package, by name.
    pub(crate) packages: Vec<PackageRules>,
    /// What uses what; `None` with faults.
    pub(crate) dependencies: Option<Dependencies>,
}

/// Checks all policies of one engine together, and finds their packages.
///
/// References to `data` must lead to a rule or to one of these `documents`, by their names directly below `data`. They
/// are no part of [`check`], since tests may refer to data that only `with` gives.
#[must_use]
pub(crate) fn analyse(policies: &[ParsedPolicy], documents: &[&str]) -> Analysis {
    let program = match Program::new(policies) {
        Ok(program) => program,
        Err(fault) => return Analysis { faults: vec![fault], packages: Vec::new(), dependencies: None },
    };
    let graph = Graph::new(&program);
    let mut faults = check_program(&program, &graph);
    faults.extend(sorted(|faults| references::check(&program, documents, faults)));
    let dependencies = if faults.is_empty() { Dependencies::new(&program, graph) } else { None };
    Analysis { faults, packages: entries::packages_of(&program), dependencies }
}

/// Checks all policies of one engine together; the order of the faults is that of files and lines.
#[must_use]
pub(crate) fn check(policies: &[ParsedPolicy]) -> Vec<PolicyFault> {
    match Program::new(policies) {
        Ok(program) => check_program(&program, &Graph::new(&program)),
        Err(fault) => vec![fault],
    }
}

fn check_program(program: &Program<'_>, graph: &Graph) -> Vec<PolicyFault> {
    sorted(|faults| {
        calls::check(program, faults);
        cycles::check(program, graph, faults);
        conflicts::check(program, faults);
        entries::check(program, faults);
        mocks::check(program, faults);
        unseen::check(program, faults);
        variables::check(program, faults);
        else_values::check(program, faults);
        memberships::check(program, faults);
        shadowing::check(program, faults);
    })
}

fn sorted(check: impl FnOnce(&mut Vec<PolicyFault>)) -> Vec<PolicyFault> {
    let mut faults = Vec::new();
    check(&mut faults);
    faults.sort();
    faults.dedup();
    faults
}

#[cfg(test)]
mod tests;
