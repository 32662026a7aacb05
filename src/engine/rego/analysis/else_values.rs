//! `else` of functions, which the engine evaluates otherwise than OPA where a value is undefined or left out.
//!
//! | function | OPA | regorus |
//! | --- | --- | --- |
//! | `f(x) if { … } else := undefined` | undefined | true |
//! | `f(x) := 1 if { … } else if { … }` | true | undefined |
//! | `f(x) := undefined if { … } else := 2` | 2 | undefined |
//!
//! Of the last, only a reference by itself is refused: most functions with an `else` have a call in the first value.

use super::PolicyFault;
use super::program::{Program, fault};
use super::shape::Names;
use super::walk::{self, Scopes};
use regorus::unstable::{Expr, Rule, RuleHead};
use std::collections::BTreeSet;

pub(super) fn check(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    for definition in &program.definitions {
        let names = Names { program, package: &definition.home };
        let Rule::Spec { head: RuleHead::Func { args, assign, .. }, bodies, .. } = definition.rule else { continue };
        let arguments: BTreeSet<&str> = args.iter().flat_map(|argument| walk::pattern(argument)).collect();
        let first = assign.as_ref().map(|assign| assign.value.as_ref());
        for (index, body) in bodies.iter().enumerate().filter(|_body| bodies.len() > 1) {
            let value = if index == 0 { first } else { body.assign.as_ref().map(|assign| assign.value.as_ref()) };
            let scopes: Scopes<'_> = vec![arguments.clone(), walk::declared(&body.query)];
            let certain = value.is_none_or(|value| names.certain(value, &scopes));
            let message = match value {
                None if first.is_some() => "an `else` without a value is undefined when the first body has one",
                Some(_) if !certain && first.is_none() => "this value, when it is undefined, counts as `true`",
                Some(Expr::RefDot { .. } | Expr::RefBrack { .. }) if !certain && index + 1 < bodies.len() => {
                    "when this value is undefined, the next `else` is not tried"
                }
                _ => continue,
            };
            faults.push(fault(value.map_or(&body.span, Expr::span), "else_value", message, HINT));
        }
    }
}

const HINT: &str = "give every body of the function a value, and bind it inside: `else := value if { value := … }`";
