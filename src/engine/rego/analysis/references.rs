//! References to `data` must lead somewhere: to a rule, or to a document that the policies are given.
//!
//! What is not there is undefined, so that `deny contains msg if data.denied[x]` would never deny.

use super::PolicyFault;
use super::program::{Part, Program, fault, parts, shown};
use super::walk::{self, Scopes, Visitor};
use regorus::unstable::Expr;
use std::collections::BTreeSet;

/// `documents` are the names directly below `data` that hold no rules.
pub(super) fn check(program: &Program<'_>, documents: &[&str], faults: &mut Vec<PolicyFault>) {
    let rules: BTreeSet<&[Part]> = program.definitions.iter().map(|definition| definition.path.as_slice()).collect();
    for definition in program.definitions.iter().filter(|definition| !definition.test) {
        let mut references = References { program, rules: &rules, documents, package: &definition.home, faults };
        walk::rule(definition.rule, &mut references);
    }
}

struct References<'check, 'policy> {
    program: &'check Program<'policy>,
    /// The paths of all rules.
    rules: &'check BTreeSet<&'check [Part]>,
    documents: &'check [&'check str],
    package: &'check [String],
    faults: &'check mut Vec<PolicyFault>,
}

impl References<'_, '_> {
    /// The path below `data` that the reference leads to, if it leads there.
    fn below_data(&self, reference: &Expr, scopes: &Scopes<'_>) -> Option<Vec<Part>> {
        let path = parts(reference)?;
        let local = matches!(path.first(), Some(Part::Name(name)) if walk::is_local(scopes, name));
        let full = if local { None } else { self.program.resolve(self.package, &path) }?;
        let (root, below) = full.split_first()?;
        (*root == Part::Name("data".to_owned())).then(|| below.to_vec())
    }

    fn exists(&self, path: &[Part]) -> bool {
        let known = |part: &Part| matches!(part, Part::Name(name) if self.documents.contains(&name.as_str()));
        let agree = |(one, other): (&Part, &Part)| one == other || *one == Part::Any || *other == Part::Any;
        let is_rule =
            || (1..=path.len()).any(|length| path.get(..length).is_some_and(|rule| self.rules.contains(rule)));
        path.first().is_none_or(known)
            || is_rule()
            || self.program.definitions.iter().any(|definition| definition.path.iter().zip(path).all(agree))
    }
}

impl Visitor for References<'_, '_> {
    fn reference(&mut self, expression: &Expr, scopes: &Scopes<'_>) {
        let Some(path) = self.below_data(expression, scopes) else { return };
        if !self.exists(&path) {
            let message = format!("there is no `{}`: no rule, and no data that policies are given", shown(&path));
            let hint = "load the policy that defines it, or correct the name; records are in `data.holdpoint`";
            self.faults.push(fault(expression.span(), "unknown_path", message, hint));
        }
    }
}
