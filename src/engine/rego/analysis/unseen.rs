//! References that the engine follows without evaluating the rules they lead to, so that it finds nothing there.
//!
//! It evaluates the rules of `data.a.b.c` when all names are written out. Where one is computed, or stands behind an
//! import, it evaluates the packages below what is written before: none of them below `data` alone, and never the
//! package that the reference stands in. `data[name].banned.x` and, in package `p`, `import data.p` with
//! `p.banned.x` are then undefined, whatever `banned` says.

use super::PolicyFault;
use super::program::{Definition, Part, Program, fault, parts};
use super::walk::{self, Scopes, Visitor};
use regorus::unstable::Expr;

pub(super) fn check(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    for definition in program.definitions.iter().filter(|definition| !definition.test) {
        walk::rule(definition.rule, &mut Unseen { program, package: &definition.home, faults });
    }
}

struct Unseen<'check, 'policy> {
    program: &'check Program<'policy>,
    package: &'check [String],
    faults: &'check mut Vec<PolicyFault>,
}

impl Unseen<'_, '_> {
    /// The path below `data`, and how much of it the engine knows before it evaluates; if it is not all of it.
    fn computed(&self, reference: &Expr, scopes: &Scopes<'_>) -> Option<(Vec<Part>, usize)> {
        let path = parts(reference)?;
        let Some(Part::Name(root)) = path.first() else { return None };
        if walk::is_local(scopes, root) {
            return None;
        }
        let known = if root == "data" {
            literals(reference)
        } else if self.program.is_root(self.package, root) {
            return None;
        } else {
            self.program.imports.get(self.package)?.get(root)?.len().checked_sub(1)?
        };
        let full = self.program.resolve(self.package, &path)?;
        let (first, below) = full.split_first()?;
        (*first == Part::Name("data".to_owned()) && known < below.len()).then(|| (below.to_vec(), known))
    }

    /// A rule that the path could lead to and that the engine would not evaluate.
    fn missed(&self, path: &[Part], known: usize) -> Option<&Definition<'_>> {
        let before = path.get(..known)?;
        let above = before.len() <= self.package.len()
            && before.iter().zip(self.package).all(|(part, name)| matches!(part, Part::Name(part) if part == name));
        let agree = |(one, other): (&Part, &Part)| one == other || *one == Part::Any || *other == Part::Any;
        let own = |definition: &Definition<'_>| *definition.home == *self.package;
        let missed = |definition: &&Definition<'_>| {
            (known == 0 || own(definition)) && definition.path.iter().zip(path).all(agree)
        };
        if above { self.program.definitions.iter().find(missed) } else { None }
    }
}

/// How many names stand written out behind the variable of a reference.
fn literals(reference: &Expr) -> usize {
    match reference {
        Expr::RefDot { refr, .. } => literals(refr).saturating_add(usize::from(is_literal(refr))),
        Expr::RefBrack { refr, index, .. } => {
            let literal = matches!(index.as_ref(), Expr::String { .. }) && is_literal(refr);
            literals(refr).saturating_add(usize::from(literal))
        }
        _ => 0,
    }
}

fn is_literal(reference: &Expr) -> bool {
    match reference {
        Expr::Var { .. } => true,
        Expr::RefDot { refr, .. } => is_literal(refr),
        Expr::RefBrack { refr, index, .. } => matches!(index.as_ref(), Expr::String { .. }) && is_literal(refr),
        _ => false,
    }
}

impl Visitor for Unseen<'_, '_> {
    fn reference(&mut self, expression: &Expr, scopes: &Scopes<'_>) {
        let Some((path, known)) = self.computed(expression, scopes) else { return };
        if let Some(missed) = self.missed(&path, known) {
            let message = format!("the engine would not evaluate `{}` for this reference", missed.shown());
            let hint = "write the path out, such as `data.lib.banned`: no computed name, no import of `data` or of the \
                        package it stands in";
            self.faults.push(fault(expression.span(), "unseen_rule", message, hint));
        }
    }
}
