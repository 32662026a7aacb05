//! Variables that the engine takes for something else of the same name.
//!
//! `some x` of a name that a rule, an import (`import rego.v1` is one, of the name `v1`) or an outer variable has: an
//! index `list[x]` then looks up that value instead of trying them all. And in the body of an `every`, `=`, the last
//! argument of a call and the lines of `walk` give its variable a new value instead of comparing, so that
//! `every x in list { x = 7 }` is true of every list.

use super::PolicyFault;
use super::program::{Program, fault, package_of};
use super::shape::{children, comprehension};
use super::walk::{self, Scopes, Visitor};
use regorus::unstable::{AssignOp, Expr, Literal, Module, Query, Span};

pub(super) fn check(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    for definition in &program.definitions {
        walk::rule(definition.rule, &mut Shadowing { program, package: &definition.home, faults });
    }
}

struct Shadowing<'check, 'policy> {
    program: &'check Program<'policy>,
    package: &'check [String],
    faults: &'check mut Vec<PolicyFault>,
}

impl Shadowing<'_, '_> {
    fn declared(&mut self, name: &Span, scopes: &Scopes<'_>) {
        let text = name.text();
        let outer = scopes.split_last().is_some_and(|(_, outer)| outer.iter().any(|scope| scope.contains(text)));
        let what = if outer {
            "a variable around it"
        } else if self.program.is_root(self.package, text) {
            "a rule"
        } else if self.program.is_global(self.package, text) || self.is_import_of_rego(text) {
            "an import"
        } else {
            return;
        };
        let message = format!("`some {text}` has the name of {what}, which the engine takes instead");
        self.faults.push(fault(name, "hidden_name", message, "give the variable another name"));
    }

    /// The engine takes `import rego.v1` for an import of the name `v1`, for all files of the package.
    fn is_import_of_rego(&self, name: &str) -> bool {
        let same_package = |file: &&&Module| package_of(file).is_ok_and(|package| package == self.package);
        self.program.files.iter().filter(same_package).flat_map(|file| &file.imports).any(|import| {
            let (last, alias) = (import.refr.span().text().rsplit('.').next(), import.r#as.as_ref().map(Span::text));
            alias.or(last) == Some(name)
        })
    }

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
            Expr::Call { fcn, params, .. } if self.program.takes_result(self.package, fcn, params.len()) => {
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

impl Visitor for Shadowing<'_, '_> {
    fn literal(&mut self, literal: &Literal, scopes: &Scopes<'_>) {
        match literal {
            Literal::SomeVars { vars, .. } => vars.iter().for_each(|name| self.declared(name, scopes)),
            Literal::Every { key, value, query, .. } => {
                let names: Vec<&str> = key.iter().chain([value]).map(Span::text).filter(|name| *name != "_").collect();
                self.rebinds(query, &names);
            }
            _ => {}
        }
    }
}
