//! References that the engine follows without evaluating the rules they lead to, so that it finds nothing there.
//!
//! It evaluates the rules of `data.a.b.c` when all names are written out. Where one is computed, or stands behind an
//! import, it evaluates the packages below what is written before: none of them below `data` alone, and never the
//! package that the reference stands in. `data[name].banned.x` and, in package `p`, `import data.p` with
//! `p.banned.x` are then undefined, whatever `banned` says.

use super::PolicyFault;
use super::program::{Definition, Part, fault};
use super::walk::{Here, Mention, Visitor};
use regorus::unstable::Expr;

/// The references of all rules that are no tests.
#[derive(Default)]
pub(super) struct Unseen {
    pub(super) faults: Vec<PolicyFault>,
}

/// How much of a path below `data` the engine knows before it evaluates; none when that is all of it.
fn computed(read: &Mention<'_>, here: &Here<'_, '_>) -> Option<usize> {
    let (program, package) = (here.program, &here.definition.home);
    let Some(Part::Name(root)) = read.written.as_deref()?.first() else { return None };
    let known = if root == "data" {
        literals(read.expression)
    } else if program.is_root(package, root) {
        return None;
    } else {
        program.imports.get(&**package)?.get(root)?.len().checked_sub(1)?
    };
    (known < read.below_data()?.len()).then_some(known)
}

/// A rule that the path could lead to and that the engine would not evaluate.
fn missed<'program>(path: &[Part], known: usize, here: &Here<'program, '_>) -> Option<&'program Definition<'program>> {
    let package = &here.definition.home;
    let before = path.get(..known)?;
    let above = before.len() <= package.len()
        && before.iter().zip(&**package).all(|(part, name)| matches!(part, Part::Name(part) if part == name));
    let agree = |(one, other): (&Part, &Part)| one == other || *one == Part::Any || *other == Part::Any;
    let missed = |definition: &&Definition<'_>| {
        (known == 0 || definition.home == *package) && definition.path.iter().zip(path).all(agree)
    };
    if above { here.program.definitions.iter().find(missed) } else { None }
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

impl Visitor for Unseen {
    fn reference(&mut self, read: &Mention<'_>, here: &Here<'_, '_>) {
        if here.definition.test {
            return;
        }
        let (Some(path), Some(known)) = (read.below_data(), computed(read, here)) else { return };
        if let Some(missed) = missed(path, known, here) {
            let message = format!("the engine would not evaluate `{}` for this reference", missed.shown());
            let hint = "write the path out, such as `data.lib.banned`: no computed name, no import of `data` or of the \
                        package it stands in";
            self.faults.push(fault(read.expression.span(), "unseen_rule", message, hint));
        }
    }
}
