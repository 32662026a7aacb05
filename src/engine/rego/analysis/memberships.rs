//! `x in y` with an operand that may be undefined.
//!
//! OPA says nothing then. The engine says false, which only a condition hides: as a value, `(x in y) == false` is true.
//! With a key it compares undefined with undefined, so that `"k", input.missing in object` is true.

use super::PolicyFault;
use super::program::fault;
use super::shape::Names;
use super::walk::{Here, Visitor};
use regorus::unstable::{Expr, Literal};

/// The memberships of all rules that are no tests.
#[derive(Default)]
pub(super) struct Memberships {
    /// Where the statement that is walked begins and ends, if it is a membership.
    condition: Option<(u32, u32)>,
    pub(super) faults: Vec<PolicyFault>,
}

fn extent(expression: &Expr) -> (u32, u32) {
    (expression.span().start, expression.span().end)
}

impl Visitor for Memberships {
    fn literal(&mut self, literal: &Literal, _here: &Here<'_, '_>) {
        if let Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } = literal {
            self.condition = matches!(expr.as_ref(), Expr::Membership { .. }).then(|| extent(expr));
        }
    }

    fn membership(&mut self, expression: &Expr, here: &Here<'_, '_>) {
        let Expr::Membership { key, value, collection, .. } = expression else { return };
        if here.definition.test {
            return;
        }
        let names = Names { program: here.program, package: &here.definition.home };
        let certain = |operand: &Expr| names.certain(operand, &here.scopes);
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
