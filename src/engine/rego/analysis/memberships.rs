//! `x in y` with an operand that may be undefined.
//!
//! OPA says nothing then. The engine says false, which only a condition hides: as a value, `(x in y) == false` is true.
//! With a key it compares undefined with undefined, so that `"k", input.missing in object` is true.

use super::PolicyFault;
use super::program::{Program, fault};
use super::shape::Names;
use super::walk::{self, Scopes, Visitor};
use regorus::unstable::{Expr, Literal};

pub(super) fn check(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    for definition in program.definitions.iter().filter(|definition| !definition.test) {
        let names = Names { program, package: &definition.home };
        walk::rule(definition.rule, &mut Memberships { names, condition: None, faults });
    }
}

struct Memberships<'check, 'policy> {
    names: Names<'check, 'policy>,
    /// Where the statement that is walked begins and ends, if it is a membership.
    condition: Option<(u32, u32)>,
    faults: &'check mut Vec<PolicyFault>,
}

fn extent(expression: &Expr) -> (u32, u32) {
    (expression.span().start, expression.span().end)
}

impl Visitor for Memberships<'_, '_> {
    fn literal(&mut self, literal: &Literal, _scopes: &Scopes<'_>) {
        if let Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } = literal {
            self.condition = matches!(expr.as_ref(), Expr::Membership { .. }).then(|| extent(expr));
        }
    }

    fn membership(&mut self, expression: &Expr, scopes: &Scopes<'_>) {
        let Expr::Membership { key, value, collection, .. } = expression else { return };
        let certain = |operand: &Expr| self.names.certain(operand, scopes);
        let (message, hint) = if key.is_some() && !certain(value) {
            let message = format!("`{}` may be undefined, and is then in everything", value.span().text());
            (message, "bind it before, on a line of its own: `value := …`")
        } else if self.condition != Some(extent(expression)) && !(certain(value) && certain(collection)) {
            let message = format!("`{}` is false where a part of it is undefined", expression.span().text());
            (message, "write it as a condition on a line of its own, or bind its parts before: `value := …`")
        } else {
            return;
        };
        self.faults.push(fault(expression.span(), "undefined_membership", message, hint));
    }
}
