//! What names stand for: variables that are another word for a part of `input` or `data`, and rules that are.

use std::collections::BTreeMap;

use regorus::unstable::{AssignOp, Expr, Literal, Query, Rule, RuleHead};

use crate::engine::rego::analysis::program::{Definition, Kind, Part, Program, parts};
use crate::engine::rego::analysis::walk;

use super::context::names;

/// Rules that stand for rules that stand for rules end here.
const LONGEST_CHAIN: usize = 8;

/// What a local name stands for.
#[derive(Clone)]
pub(super) enum Meaning {
    /// This part of `input` or `data`.
    Path(Vec<Part>),
    /// Whatever it takes on, one value after the other: `some name`.
    Free,
    /// Something else.
    Opaque,
}

/// The names of one body.
pub(super) type Frame = BTreeMap<String, Meaning>;

/// Rules with one value that are another word for a path: by their path below `data`.
pub(super) type Aliases = BTreeMap<Vec<String>, Vec<Part>>;

/// The rules of the program that stand for a part of `input` or `data`, or else for a constant.
pub(super) fn aliases(program: &Program<'_>) -> Aliases {
    let mut found: BTreeMap<Vec<String>, Option<Vec<Part>>> = BTreeMap::new();
    for definition in &program.definitions {
        let Some(path) = names(&definition.path) else { continue };
        let package = &definition.home;
        for value in values(definition) {
            let Some(value) = value else {
                found.insert(path.clone(), None);
                continue;
            };
            let target = parts(value).and_then(|parts| program.resolve(package, &parts));
            let entry = found.entry(path.clone()).or_insert_with(|| target.clone());
            // Two different paths are no single one.
            if *entry != target {
                *entry = None;
            }
        }
    }
    found.into_iter().filter_map(|(path, target)| Some((path, target?))).collect()
}

/// The references that a rule's value can be; `None` for what is neither a reference nor a constant.
pub(super) fn values<'policy>(definition: &Definition<'policy>) -> Vec<Option<&'policy Expr>> {
    let Kind::Complete = definition.kind else { return vec![None] };
    let all: Vec<&Expr> = match definition.rule {
        Rule::Default { value, .. } => vec![value.as_ref()],
        Rule::Spec { head: RuleHead::Compr { assign, .. }, bodies, .. } => {
            let bodies = bodies.iter().filter_map(|body| body.assign.as_ref());
            assign.iter().chain(bodies).map(|assign| assign.value.as_ref()).collect()
        }
        Rule::Spec { .. } => Vec::new(),
    };
    let reference = |value: &'policy Expr| match value {
        Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => Some(Some(value)),
        Expr::Array { .. } | Expr::Object { .. } | Expr::Set { .. } => None,
        Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. } => {
            None
        }
        _ => Some(None),
    };
    all.into_iter().filter_map(reference).collect()
}

/// A path of `data` or `input`, with the rules in it that stand for another path replaced.
pub(super) fn unalias(mut path: Vec<Part>, aliases: &Aliases) -> Vec<Part> {
    for _round in 0..LONGEST_CHAIN {
        let Some((target, rest)) = aliased(&path, aliases) else { break };
        path = target.iter().cloned().chain(rest).collect();
    }
    path
}

fn aliased<'a>(path: &[Part], aliases: &'a Aliases) -> Option<(&'a Vec<Part>, Vec<Part>)> {
    let (root, below) = path.split_first()?;
    if *root != Part::Name("data".to_owned()) {
        return None;
    }
    (1..=below.len()).find_map(|length| {
        let rule = names(below.get(..length)?)?;
        Some((aliases.get(&rule)?, below.get(length..)?.to_vec()))
    })
}

/// What the names that a body declares stand for. `resolve` knows the names declared before.
pub(super) fn declared(query: &Query, mut resolve: impl FnMut(&Expr, &Frame) -> Option<Vec<Part>>) -> Frame {
    let mut frame = Frame::new();
    for name in walk::declared(query) {
        frame.insert(name.to_owned(), Meaning::Opaque);
    }
    for statement in &query.stmts {
        match &statement.literal {
            Literal::SomeVars { vars, .. } => {
                frame.extend(vars.iter().map(|name| (name.text().to_owned(), Meaning::Free)));
            }
            Literal::SomeIn { value, collection, .. } => {
                let of_element = resolve(collection, &frame).map(element);
                bind(&mut frame, value, of_element);
            }
            Literal::Expr { expr, .. } => {
                if let Expr::AssignExpr { op: AssignOp::ColEq, lhs, rhs, .. } = expr.as_ref() {
                    let path = resolve(rhs, &frame);
                    bind(&mut frame, lhs, path);
                }
            }
            _ => {}
        }
    }
    frame
}

/// What an element of a collection is a part of.
pub(super) fn element(mut collection: Vec<Part>) -> Vec<Part> {
    collection.push(Part::Any);
    collection
}

fn bind(frame: &mut Frame, name: &Expr, path: Option<Vec<Part>>) {
    if let (Expr::Var { span, .. }, Some(path)) = (name, path) {
        frame.insert(span.text().to_owned(), Meaning::Path(path));
    }
}
