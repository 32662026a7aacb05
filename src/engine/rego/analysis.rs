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
use calls::Calls;
use graph::{Graph, Uses};
use memberships::Memberships;
use mocks::Mocks;
use program::Program;
use references::References;
use regorus::unstable::{Module, Ref};
use shadowing::Shadowing;
use unseen::Unseen;
use walk::{Together, Visitor};

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
}

/// Checks all policies of one engine together, and finds their packages.
///
/// References to `data` must lead to a rule or to one of these `documents`, by their names directly below `data`. They
/// are no part of [`check`], since tests may refer to data that only `with` gives.
#[must_use]
pub(crate) fn analyse(policies: &[ParsedPolicy], documents: &[&str]) -> Analysis {
    let program = match Program::new(policies) {
        Ok(program) => program,
        Err(fault) => return Analysis { faults: vec![fault], packages: Vec::new() },
    };
    let mut references = References::new(&program, documents);
    let mut faults = check_program(&program, Some(&mut references));
    faults.extend(sorted(references.faults));
    Analysis { faults, packages: entries::packages_of(&program) }
}

/// Checks all policies of one engine together; the order of the faults is that of files and lines.
#[must_use]
pub(crate) fn check(policies: &[ParsedPolicy]) -> Vec<PolicyFault> {
    match Program::new(policies) {
        Ok(program) => check_program(&program, None),
        Err(fault) => vec![fault],
    }
}

/// Which files the packages of policies need; none when they were not checked.
#[must_use]
pub(crate) fn dependencies(policies: &[ParsedPolicy]) -> Option<Dependencies> {
    let program = Program::new(policies).ok()?;
    let mut uses = Uses::default();
    walk_all(&program, &mut uses);
    let graph = Graph::new(&program, &uses);
    Dependencies::new(&program, graph)
}

/// `references` are collected in the same walk.
fn check_program(program: &Program<'_>, references: Option<&mut References<'_>>) -> Vec<PolicyFault> {
    let (mut uses, mut calls, mut mocks) = (Uses::default(), Calls::new(program), Mocks::new(program));
    let (mut unseen, mut memberships) = (Unseen::default(), Memberships::default());
    let mut shadowing = Shadowing::default();
    let mut visitors: Vec<&mut dyn Visitor> =
        vec![&mut uses, &mut calls, &mut mocks, &mut unseen, &mut memberships, &mut shadowing];
    visitors.extend(references.map(|references| -> &mut dyn Visitor { references }));
    walk_all(program, &mut Together(visitors));
    let mut faults = Vec::new();
    // The first, since it stops at a number of faults.
    cycles::check(program, &Graph::new(program, &uses), &mut faults);
    for more in [calls.faults, mocks.faults, unseen.faults, memberships.faults, shadowing.faults] {
        faults.extend(more);
    }
    calls::check_definitions(program, &mut faults);
    conflicts::check(program, &mut faults);
    entries::check(program, &mut faults);
    variables::check(program, &mut faults);
    else_values::check(program, &mut faults);
    sorted(faults)
}

fn walk_all(program: &Program<'_>, visitor: &mut dyn Visitor) {
    for definition in &program.definitions {
        walk::definition(program, definition, visitor);
    }
}

fn sorted(mut faults: Vec<PolicyFault>) -> Vec<PolicyFault> {
    faults.sort();
    faults.dedup();
    faults
}

#[cfg(test)]
mod tests;
