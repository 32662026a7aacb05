//! Variables that the engine takes for something else of the same name.
//!
//! `some x` of a name that a rule, an import (`import rego.v1` is one, of the name `v1`) or an outer variable has: an
//! index `list[x]` then looks up that value instead of trying them all. And in the body of an `every`, `=`, the last
//! argument of a call and the lines of `walk` give its variable a new value instead of comparing, so that
//! `every x in list { x = 7 }` is true of every list.

use super::PolicyFault;
use super::program::{fault, package_of};
use super::shape::{children, comprehension};
use super::walk::{self, Here, Visitor};
use regorus::unstable::{AssignOp, Expr, Literal, Module, Query, Span};

/// The declarations of all rules.
#[derive(Default)]
pub(super) struct Shadowing {
    pub(super) faults: Vec<PolicyFault>,
}

impl Shadowing {
    fn declared(&mut self, name: &Span, here: &Here<'_, '_>) {
        let (text, package) = (name.text(), &here.definition.home);
        let outer = here.scopes.split_last().is_some_and(|(_, outer)| outer.iter().any(|scope| scope.contains(text)));
        let what = if outer {
            "a variable around it"
        } else if here.program.is_root(package, text) {
            "a rule"
        } else if here.program.is_global(package, text) || is_import_of_rego(here, text) {
            "an import"
        } else {
            return;
        };
        let message = format!("`some {text}` has the name of {what}, which the engine takes instead");
        self.faults.push(fault(name, "hidden_name", message, "give the variable another name"));
    }
}

/// The engine takes `import rego.v1` for an import of the name `v1`, for all files of the package.
fn is_import_of_rego(here: &Here<'_, '_>, name: &str) -> bool {
    let same_package = |file: &&&Module| package_of(file).is_ok_and(|package| *package == *here.definition.home);
    here.program.files.iter().filter(same_package).flat_map(|file| &file.imports).any(|import| {
        let (last, alias) = (import.refr.span().text().rsplit('.').next(), import.r#as.as_ref().map(Span::text));
        alias.or(last) == Some(name)
    })
}

/// Looks for what gives the variables of an `every` new values.
struct Rebinding<'check, 'policy> {
    here: &'check Here<'check, 'policy>,
    faults: &'check mut Vec<PolicyFault>,
}

impl Rebinding<'_, '_> {
    fn rebinds(&mut self, query: &Query, names: &[&str]) {
        for statement in &query.stmts {
            match &statement.literal {
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => {
                    self.binds(expr, names);
                    self.inside(expr, names);
                }
                Literal::SomeIn { key, value, collection, .. } => {
                    for bound in key.iter().chain([value]) {
                        self.report(bound, names);
                    }
                    self.inside(collection, names);
                }
                Literal::Every { domain, query, .. } => {
                    self.inside(domain, names);
                    self.rebinds(query, names);
                }
                Literal::SomeVars { .. } => {}
            }
        }
    }

    fn inside(&mut self, expression: &Expr, names: &[&str]) {
        if let Some((query, outputs)) = comprehension(expression) {
            self.rebinds(query, names);
            for output in outputs {
                self.inside(output, names);
            }
        }
        for child in children(expression) {
            self.inside(child, names);
        }
    }

    fn binds(&mut self, statement: &Expr, names: &[&str]) {
        match statement {
            Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } => self.report(lhs, names),
            Expr::AssignExpr { lhs, rhs, .. } => {
                self.report(lhs, names);
                self.report(rhs, names);
            }
            Expr::Call { fcn, params, .. }
                if self.here.program.takes_result(&self.here.definition.home, fcn, params.len()) =>
            {
                params.last().into_iter().for_each(|result| self.report(result, names));
            }
            _ => {}
        }
    }

    fn report(&mut self, pattern: &Expr, names: &[&str]) {
        if let Some(name) = walk::pattern(pattern).into_iter().find(|name| names.contains(name)) {
            let message = format!("`{name}` of the `every` is given a new value here, and not compared");
            let hint = format!("compare it with `{name} == …`, or give the new variable another name");
            self.faults.push(fault(pattern.span(), "rebound_variable", message, &hint));
        }
    }
}

impl Visitor for Shadowing {
    fn literal(&mut self, literal: &Literal, here: &Here<'_, '_>) {
        match literal {
            Literal::SomeVars { vars, .. } => vars.iter().for_each(|name| self.declared(name, here)),
            Literal::Every { key, value, query, .. } => {
                let names: Vec<&str> = key.iter().chain([value]).map(Span::text).filter(|name| *name != "_").collect();
                Rebinding { here, faults: &mut self.faults }.rebinds(query, &names);
            }
            _ => {}
        }
    }
}
