//! The lines of a policy that tests should reach: those on which a statement or the value of a rule begins.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use regorus::unstable::{Expr, Literal, LiteralStmt, Query, Rule, RuleHead};

use super::ParsedPolicy;
use super::program::{Definition, Program};
use super::walk::{self, Visitor};

/// By the line on which it begins: all lines of a statement or a value. Evaluating one of them is evaluating it.
pub(crate) type Lines = BTreeMap<u32, BTreeSet<u32>>;

/// The lines of each file that has rules other than tests.
#[must_use]
pub(crate) fn lines(policies: &[ParsedPolicy]) -> BTreeMap<String, Lines> {
    let Ok(program) = Program::new(policies) else { return BTreeMap::new() };
    let mut files: BTreeMap<String, Lines> = BTreeMap::new();
    for definition in program.definitions.iter().filter(|definition| !definition.test) {
        let lines = files.entry(definition.source().to_owned()).or_default();
        let mut collect = Collect { lines, unseen: values_of_else(definition.rule) };
        collect.head(definition);
        walk::definition(&program, definition, &mut collect);
    }
    files
}

struct Collect<'lines> {
    lines: &'lines mut Lines,
    /// Bytes of what the engine does not tell of: the values of `else`.
    unseen: Vec<Range<u32>>,
}

fn values_of_else(rule: &Rule) -> Vec<Range<u32>> {
    let Rule::Spec { bodies, .. } = rule else { return Vec::new() };
    let values = bodies.iter().filter(|body| body.is_else).filter_map(|body| body.assign.as_ref());
    values.map(|assign| assign.value.span().start..assign.value.span().end).collect()
}

impl Collect<'_> {
    /// The value of a rule, where it has one that is evaluated.
    fn head(&mut self, definition: &Definition<'_>) {
        match definition.rule {
            Rule::Default { value, .. } => self.expressions(&[value]),
            Rule::Spec { head, .. } => match head {
                RuleHead::Compr { assign: Some(assign), .. } | RuleHead::Func { assign: Some(assign), .. } => {
                    self.expressions(&[&assign.value]);
                }
                RuleHead::Set { key: Some(key), .. } => self.expressions(&[key]),
                _ => {}
            },
        }
    }

    fn expressions(&mut self, expressions: &[&Expr]) {
        let mut seen = BTreeSet::new();
        for expression in expressions {
            below(expression, &mut seen);
        }
        let first = expressions.iter().map(|expression| expression.span().line).min();
        if let Some(first) = first.into_iter().chain(seen.first().copied()).min() {
            self.lines.entry(first).or_default().extend(seen);
        }
    }
}

impl Visitor for Collect<'_> {
    fn query(&mut self, query: &Query) {
        if self.unseen.iter().any(|bytes| bytes.contains(&query.span.start)) {
            return;
        }
        query.stmts.iter().for_each(|statement| self.expressions(&evaluated(statement)));
    }
}

/// What is evaluated of a statement itself; the body of an `every` is on its own.
fn evaluated(statement: &LiteralStmt) -> Vec<&Expr> {
    match &statement.literal {
        Literal::SomeVars { .. } => Vec::new(),
        Literal::SomeIn { value, collection, .. } => vec![value, collection],
        Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => vec![expr],
        Literal::Every { domain, .. } => vec![domain],
    }
}

/// The lines on which the engine sees that an expression is evaluated: its own and those of what it is made of. Of a
/// comprehension it sees the statements only.
fn below(expression: &Expr, lines: &mut BTreeSet<u32>) {
    match expression {
        Expr::ArrayCompr { query, .. } | Expr::SetCompr { query, .. } | Expr::ObjectCompr { query, .. } => {
            let evaluated = query.stmts.iter().flat_map(|statement| evaluated(statement));
            evaluated.for_each(|expression| below(expression, lines));
            return;
        }
        Expr::Array { items, .. } | Expr::Set { items, .. } | Expr::Call { params: items, .. } => {
            for item in items {
                below(item, lines);
            }
        }
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, key, value)| {
            below(key, lines);
            below(value, lines);
        }),
        Expr::UnaryExpr { expr, .. } => below(expr, lines),
        Expr::RefDot { refr, .. } => below(refr, lines),
        Expr::RefBrack { refr, index, .. } => {
            below(refr, lines);
            below(index, lines);
        }
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => {
            below(lhs, lines);
            below(rhs, lines);
        }
        Expr::Membership { value, collection, .. } => {
            below(value, lines);
            below(collection, lines);
        }
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::Var { .. } => {}
    }
    lines.insert(expression.span().line);
}
