//! What an expression is made of, and whether it always has a value.

use super::program::{Part, Program, parts, shown};
use super::walk::{self, Scopes};
use crate::engine::rego::schema;
use regorus::unstable::{BUILTINS, Expr, Query, Rule, RuleHead};

/// The expressions directly inside one, without those of comprehensions.
pub(super) fn children(expression: &Expr) -> Vec<&Expr> {
    match expression {
        Expr::Array { items, .. } | Expr::Set { items, .. } | Expr::Call { params: items, .. } => {
            items.iter().map(AsRef::as_ref).collect()
        }
        Expr::Object { fields, .. } => fields.iter().flat_map(|(_, key, value)| [key.as_ref(), value]).collect(),
        Expr::UnaryExpr { expr, .. } => vec![expr.as_ref()],
        Expr::RefDot { refr, .. } => vec![refr.as_ref()],
        Expr::RefBrack { refr, index, .. } => vec![refr.as_ref(), index],
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => vec![lhs.as_ref(), rhs],
        Expr::Membership { key, value, collection, .. } => {
            key.iter().chain([value, collection]).map(AsRef::as_ref).collect()
        }
        _ => Vec::new(),
    }
}

/// The body of a comprehension, with what is said of each of its solutions.
pub(super) fn comprehension(expression: &Expr) -> Option<(&Query, Vec<&Expr>)> {
    match expression {
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => Some((query, vec![term.as_ref()])),
        Expr::ObjectCompr { key, value, query, .. } => Some((query, vec![key.as_ref(), value])),
        _ => None,
    }
}

/// Whether an expression refers to nothing, but for what comprehensions go through.
fn constant(expression: &Expr) -> bool {
    !matches!(
        expression,
        Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } | Expr::Call { .. } | Expr::ArithExpr { .. }
    ) && children(expression).into_iter().all(constant)
}

/// What the names of a rule's body stand for.
pub(super) struct Names<'check, 'policy> {
    pub(super) program: &'check Program<'policy>,
    pub(super) package: &'check [String],
}

impl Names<'_, '_> {
    /// Whether an expression has a value whatever the request, the records and the parameters are.
    ///
    /// A local variable has one: a statement that cannot bind it ends the body.
    pub(super) fn certain(&self, expression: &Expr, scopes: &Scopes<'_>) -> bool {
        match expression {
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                self.certain_reference(expression, scopes)
            }
            Expr::Call { fcn, params, .. } => {
                params.iter().all(|given| self.certain(given, scopes)) && self.certain_function(fcn)
            }
            _ => children(expression).into_iter().all(|child| self.certain(child, scopes)),
        }
    }

    fn certain_reference(&self, reference: &Expr, scopes: &Scopes<'_>) -> bool {
        let Some(path) = parts(reference) else { return false };
        let Some(Part::Name(root)) = path.first() else { return false };
        if walk::is_local(scopes, root) {
            return path.len() == 1;
        }
        match self.program.resolve(self.package, &path) {
            // No rule and no import: a variable that `=` or an index binds.
            None => path.len() == 1,
            Some(full) => match full.split_first() {
                Some((Part::Name(root), below)) if root == "input" => schema::always_in_input(below),
                Some((_, below)) => below.is_empty() || self.always_defined(below),
                None => false,
            },
        }
    }

    /// A set is at least empty; a default stands in for everything else.
    fn always_defined(&self, path: &[Part]) -> bool {
        let always = |rule: &Rule| match rule {
            Rule::Default { .. } | Rule::Spec { head: RuleHead::Set { .. }, .. } => true,
            Rule::Spec { head: RuleHead::Compr { assign: Some(assign), .. }, bodies, .. } => {
                bodies.is_empty() && constant(&assign.value)
            }
            Rule::Spec { .. } => false,
        };
        self.program.definitions.iter().any(|definition| definition.path == path && always(definition.rule))
    }

    fn certain_function(&self, function: &Expr) -> bool {
        let Some(path) = parts(function) else { return false };
        if let Some(full) = self.program.resolve(self.package, &path) {
            return full.split_first().is_some_and(|(_, below)| self.always_defined(below));
        }
        let name = shown(&path);
        name.strip_prefix("data.").is_some_and(|name| name != "json.patch" && BUILTINS.contains_key(name))
    }
}
