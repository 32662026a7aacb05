//! What a walk shows, and to whom.

use super::super::program::{Definition, Part, Program, parts};
use super::{Scopes, is_local};
use regorus::unstable::{Expr, Literal, Query, Ref, WithModifier};

/// Where a walk is: a definition, and the names that are local there.
pub(in crate::engine::rego) struct Here<'walk, 'policy> {
    pub(in crate::engine::rego) program: &'walk Program<'policy>,
    pub(in crate::engine::rego) definition: &'walk Definition<'policy>,
    pub(in crate::engine::rego) scopes: Scopes<'policy>,
}

/// A name that is read or called, and what it stands for: found once, for all that look at it.
pub(in crate::engine::rego) struct Mention<'policy> {
    pub(in crate::engine::rego) expression: &'policy Expr,
    /// As it is written; none when it does not start with a name.
    pub(in crate::engine::rego) written: Option<Vec<Part>>,
    /// From `data` or `input` on; none for a local variable, and for a built-in function.
    pub(in crate::engine::rego) full: Option<Vec<Part>>,
    /// Whether it starts with a local variable.
    pub(in crate::engine::rego) is_local: bool,
}

impl Mention<'_> {
    /// The path below `data`, if it leads there.
    pub(in crate::engine::rego) fn below_data(&self) -> Option<&[Part]> {
        match self.full.as_deref()? {
            [Part::Name(root), below @ ..] if root == "data" => Some(below),
            _ => None,
        }
    }
}

impl<'policy> Here<'_, 'policy> {
    /// What is read here.
    pub(in crate::engine::rego) fn read(&self, expression: &'policy Expr) -> Mention<'policy> {
        let written = parts(expression);
        let root = written.as_ref().and_then(|written| written.first());
        let is_local = matches!(root, Some(Part::Name(root)) if is_local(&self.scopes, root));
        self.mention(expression, written, is_local)
    }

    /// What is called here: functions are never local.
    pub(in crate::engine::rego) fn called(&self, function: &'policy Expr) -> Mention<'policy> {
        self.mention(function, parts(function), false)
    }

    fn mention(&self, expression: &'policy Expr, written: Option<Vec<Part>>, is_local: bool) -> Mention<'policy> {
        let named = written.as_deref().filter(|_written| !is_local);
        let full = named.and_then(|written| self.program.resolve(&self.definition.home, written));
        Mention { expression, written, full, is_local }
    }
}

/// What a check sees. References are shown whole, their indexes on their own besides.
pub(in crate::engine::rego) trait Visitor {
    /// The beginning of a definition.
    fn begin(&mut self) {}
    /// A reference or a variable that is read.
    fn reference(&mut self, _read: &Mention<'_>, _here: &Here<'_, '_>) {}
    /// A call, before its arguments are walked; `statement` when it stands alone, so that it may have one argument
    /// more, for its result.
    fn call(&mut self, _called: &Mention<'_>, _arguments: &[Ref<Expr>], _statement: bool, _here: &Here<'_, '_>) {}
    /// A call under `not`; [`Visitor::call`] is told of it too.
    fn negated_call(&mut self, _called: &Mention<'_>, _here: &Here<'_, '_>) {}
    /// A `with`; its value is walked too, its target is not.
    fn with(&mut self, _with: &WithModifier, _here: &Here<'_, '_>) {}
    /// A statement of a body, before it is walked.
    fn literal(&mut self, _literal: &Literal, _here: &Here<'_, '_>) {}
    /// A membership, `x in y`, before its parts are walked.
    fn membership(&mut self, _membership: &Expr, _here: &Here<'_, '_>) {}
    /// How much of the stack is taken here, about: expressions and bodies that lie in each other.
    fn depth(&mut self, _units: usize) {}
    /// A body: of a rule, a comprehension or an `every`.
    fn query(&mut self, _query: &Query) {}
    /// The end of a body, and of what is said of each of its solutions.
    fn leave(&mut self) {}
}

/// Checks that share one walk.
pub(in crate::engine::rego::analysis) struct Together<'visitors>(
    pub(in crate::engine::rego::analysis) Vec<&'visitors mut dyn Visitor>,
);

impl Visitor for Together<'_> {
    fn begin(&mut self) {
        self.0.iter_mut().for_each(|visitor| visitor.begin());
    }
    fn reference(&mut self, read: &Mention<'_>, here: &Here<'_, '_>) {
        self.0.iter_mut().for_each(|visitor| visitor.reference(read, here));
    }
    fn call(&mut self, called: &Mention<'_>, arguments: &[Ref<Expr>], statement: bool, here: &Here<'_, '_>) {
        self.0.iter_mut().for_each(|visitor| visitor.call(called, arguments, statement, here));
    }
    fn negated_call(&mut self, called: &Mention<'_>, here: &Here<'_, '_>) {
        self.0.iter_mut().for_each(|visitor| visitor.negated_call(called, here));
    }
    fn with(&mut self, with: &WithModifier, here: &Here<'_, '_>) {
        self.0.iter_mut().for_each(|visitor| visitor.with(with, here));
    }
    fn literal(&mut self, literal: &Literal, here: &Here<'_, '_>) {
        self.0.iter_mut().for_each(|visitor| visitor.literal(literal, here));
    }
    fn membership(&mut self, membership: &Expr, here: &Here<'_, '_>) {
        self.0.iter_mut().for_each(|visitor| visitor.membership(membership, here));
    }
    fn depth(&mut self, units: usize) {
        self.0.iter_mut().for_each(|visitor| visitor.depth(units));
    }
    fn query(&mut self, query: &Query) {
        self.0.iter_mut().for_each(|visitor| visitor.query(query));
    }
    fn leave(&mut self) {
        self.0.iter_mut().for_each(|visitor| visitor.leave());
    }
}
