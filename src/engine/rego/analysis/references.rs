//! References to `data` must lead somewhere: to a rule, or to a document that the policies are given.
//!
//! What is not there is undefined, so that `deny contains msg if data.denied[x]` would never deny.

use super::PolicyFault;
use super::program::{Part, Program, fault, shown};
use super::walk::{Here, Mention, Visitor};
use std::collections::BTreeSet;

/// The references of all rules that are no tests.
pub(super) struct References<'check> {
    /// The paths of all rules.
    rules: BTreeSet<&'check [Part]>,
    documents: &'check [&'check str],
    pub(super) faults: Vec<PolicyFault>,
}

impl<'check> References<'check> {
    /// `documents` are the names directly below `data` that hold no rules.
    pub(super) fn new(program: &'check Program<'_>, documents: &'check [&'check str]) -> Self {
        let rules = program.definitions.iter().map(|definition| definition.path.as_slice()).collect();
        Self { rules, documents, faults: Vec::new() }
    }

    fn exists(&self, path: &[Part], program: &Program<'_>) -> bool {
        let known = |part: &Part| matches!(part, Part::Name(name) if self.documents.contains(&name.as_str()));
        let agree = |(one, other): (&Part, &Part)| one == other || *one == Part::Any || *other == Part::Any;
        let is_rule =
            || (1..=path.len()).any(|length| path.get(..length).is_some_and(|rule| self.rules.contains(rule)));
        path.first().is_none_or(known)
            || is_rule()
            || program.definitions.iter().any(|definition| definition.path.iter().zip(path).all(agree))
    }
}

impl Visitor for References<'_> {
    fn reference(&mut self, read: &Mention<'_>, here: &Here<'_, '_>) {
        let Some(path) = read.below_data().filter(|_path| !here.definition.test) else { return };
        if !self.exists(path, here.program) {
            let message = format!("there is no `{}`: no rule, and no data that policies are given", shown(path));
            let hint = "load the policy that defines it, or correct the name; records are in `data.holdpoint`";
            self.faults.push(fault(read.expression.span(), "unknown_path", message, hint));
        }
    }
}
