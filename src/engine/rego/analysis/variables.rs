//! Variables that nothing binds.
//!
//! regorus reports most of them when it prepares, some when the branch is reached, and some never: it lets an index bind
//! its variable under `not` too. `not input.list[x] == 5` is then true as soon as one element differs from 5.

use super::PolicyFault;
use super::program::{Program, fault};
use super::walk;
use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt, Query, Ref, Rule, RuleHead, Span};
use std::collections::BTreeSet;

pub(super) fn check(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    for definition in &program.definitions {
        let mut safety = Safety { program, package: &definition.home, faults };
        safety.rule(definition.rule);
    }
}

type Names<'policy> = BTreeSet<&'policy str>;

struct Safety<'check, 'policy> {
    program: &'check Program<'policy>,
    package: &'check [String],
    faults: &'check mut Vec<PolicyFault>,
}

/// What a statement needs bound before it, and what it binds then.
#[derive(Default)]
struct Needs<'policy> {
    variables: Vec<&'policy Span>,
    binds: Names<'policy>,
    /// Comprehensions and bodies inside, each with the names that it declares on its own.
    nested: Vec<Nested<'policy>>,
}

struct Nested<'policy> {
    query: &'policy Query,
    outputs: Vec<&'policy Expr>,
    own: Names<'policy>,
}

impl<'policy> Safety<'_, 'policy> {
    fn rule(&mut self, rule: &'policy Rule) {
        let Rule::Spec { head, bodies, .. } = rule else { return };
        let (arguments, refr, mut values): (&[Ref<Expr>], _, Vec<&Expr>) = match head {
            RuleHead::Func { refr, args, assign, .. } => {
                (args, refr, assign.iter().map(|assign| assign.value.as_ref()).collect())
            }
            RuleHead::Compr { refr, assign, .. } => {
                (&[], refr, assign.iter().map(|assign| assign.value.as_ref()).collect())
            }
            RuleHead::Set { refr, key, .. } => (&[], refr, key.iter().map(AsRef::as_ref).collect()),
        };
        values.extend(walk::indexes(refr));
        let bound: Names<'policy> = arguments.iter().flat_map(|argument| walk::pattern(argument)).collect();
        if bodies.is_empty() {
            self.outputs(&values, bound.clone());
        }
        for (index, body) in bodies.iter().enumerate() {
            let mut outputs: Vec<&Expr> = body.assign.iter().map(|assign| assign.value.as_ref()).collect();
            if index == 0 || !body.is_else {
                outputs.extend(&values);
            }
            self.query(&body.query, &outputs, &bound);
        }
    }

    /// Orders the statements as they can be evaluated; what is left needs a variable that nothing binds.
    fn query(&mut self, query: &'policy Query, outputs: &[&'policy Expr], outer: &Names<'policy>) {
        let declared = walk::declared(query);
        let mut bound: Names<'policy> = outer.difference(&declared).copied().collect();
        let hidden: Names<'policy> = declared;
        let mut nested = Vec::new();
        let mut pending: Vec<Needs<'policy>> = query.stmts.iter().map(|stmt| self.statement(stmt)).collect();
        loop {
            let before = pending.len();
            let mut later = Vec::new();
            for mut needs in pending {
                if self.unbound(&needs, &bound, &hidden).is_empty() {
                    bound.append(&mut needs.binds);
                    nested.append(&mut needs.nested);
                } else {
                    later.push(needs);
                }
            }
            pending = later;
            if pending.is_empty() || pending.len() == before {
                break;
            }
        }
        for needs in &pending {
            for span in self.unbound(needs, &bound, &hidden) {
                self.report(span);
            }
            bound.extend(needs.binds.iter().copied());
        }
        // Bodies inside see every variable of this one, wherever it is bound.
        self.nested(&nested, &bound);
        self.outputs(outputs, bound);
    }

    /// The value of a rule or a comprehension: an index in it binds its variable, as a statement's does.
    fn outputs(&mut self, outputs: &[&'policy Expr], mut bound: Names<'policy>) {
        let none = Names::new();
        let all: Vec<Needs<'policy>> = outputs
            .iter()
            .map(|output| {
                let mut needs = Needs::default();
                self.expression(output, true, &mut needs);
                needs
            })
            .collect();
        for needs in &all {
            bound.extend(needs.binds.iter().copied());
        }
        for needs in &all {
            for span in self.unbound(needs, &bound, &none) {
                self.report(span);
            }
            self.nested(&needs.nested, &bound);
        }
    }

    fn nested(&mut self, nested: &[Nested<'policy>], bound: &Names<'policy>) {
        for nested in nested {
            let inner = bound.union(&nested.own).copied().collect();
            self.query(nested.query, &nested.outputs, &inner);
        }
    }

    fn unbound(&self, needs: &Needs<'policy>, bound: &Names<'policy>, declared: &Names<'policy>) -> Vec<&'policy Span> {
        let unbound = |span: &&Span| {
            let name = span.text();
            !bound.contains(name)
                && !needs.binds.contains(name)
                && (declared.contains(name) || !self.program.is_global(self.package, name))
        };
        needs.variables.iter().copied().filter(unbound).collect()
    }

    fn report(&mut self, span: &Span) {
        let (message, hint) = if span.text() == "_" {
            ("`_` has no value here".to_owned(), "under `not`, use a rule of its own, or `every`")
        } else {
            let hint = "bind it before with `some … in`, or `:=`; under `not`, use a rule of its own, or `every`";
            (format!("nothing binds the variable `{}`", span.text()), hint)
        };
        self.faults.push(fault(span, "unsafe_variable", message, hint));
    }

    fn statement(&self, statement: &'policy LiteralStmt) -> Needs<'policy> {
        let mut needs = Needs::default();
        for with in &statement.with_mods {
            self.expression(&with.r#as, true, &mut needs);
        }
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                for term in key.iter().chain([value]) {
                    needs.binds.extend(walk::pattern(term));
                    self.pattern_needs(term, &mut needs);
                }
                self.expression(collection, true, &mut needs);
            }
            Literal::Expr { expr, .. } => self.positive(expr, &mut needs),
            Literal::NotExpr { expr, .. } => self.expression(expr, false, &mut needs),
            Literal::Every { key, value, domain, query, .. } => {
                self.expression(domain, true, &mut needs);
                let own = key.iter().chain([value]).map(Span::text).collect();
                needs.nested.push(Nested { query, outputs: Vec::new(), own });
            }
        }
        needs
    }

    fn positive(&self, expression: &'policy Expr, needs: &mut Needs<'policy>) {
        match expression {
            Expr::AssignExpr { op: AssignOp::ColEq, lhs, rhs, .. } => {
                self.expression(rhs, true, needs);
                self.pattern_needs(lhs, needs);
                needs.binds.extend(walk::pattern(lhs));
            }
            Expr::AssignExpr { lhs, rhs, .. } => self.unify(lhs, rhs, needs),
            Expr::Call { fcn, params, .. } => {
                let result =
                    if self.program.takes_result(self.package, fcn, params.len()) { params.split_last() } else { None };
                match result {
                    Some((result, given)) => {
                        for given in given {
                            self.expression(given, true, needs);
                        }
                        self.pattern_needs(result, needs);
                        needs.binds.extend(walk::pattern(result));
                    }
                    None => self.expression(expression, true, needs),
                }
            }
            _ => self.expression(expression, true, needs),
        }
    }

    /// `=` binds the variables of one side from the other. Which side is known is decided here for the whole: a side
    /// that is a pattern is bound, the rest is needed. Two patterns bind each other, part by part.
    fn unify(&self, lhs: &'policy Expr, rhs: &'policy Expr, needs: &mut Needs<'policy>) {
        match (lhs, rhs) {
            (Expr::Array { items: left, .. }, Expr::Array { items: right, .. }) if left.len() == right.len() => {
                left.iter().zip(right).for_each(|(left, right)| self.unify(left, right, needs));
            }
            (Expr::Var { .. }, Expr::Var { .. }) => {
                // Either may be known: a variable that is no other's pattern is left to regorus' own check.
                needs.binds.extend(walk::pattern(lhs));
                needs.binds.extend(walk::pattern(rhs));
            }
            _ => {
                for side in [lhs, rhs] {
                    if matches!(side, Expr::Var { .. } | Expr::Array { .. } | Expr::Object { .. }) {
                        needs.binds.extend(walk::pattern(side));
                        self.pattern_needs(side, needs);
                    } else {
                        self.expression(side, true, needs);
                    }
                }
            }
        }
    }

    /// What a pattern needs besides the variables that it binds.
    fn pattern_needs(&self, pattern: &'policy Expr, needs: &mut Needs<'policy>) {
        match pattern {
            Expr::Var { .. } => {}
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                for item in items {
                    self.pattern_needs(item, needs);
                }
            }
            Expr::Object { fields, .. } => fields.iter().for_each(|(_, key, value)| {
                self.expression(key, true, needs);
                self.pattern_needs(value, needs);
            }),
            expression => self.expression(expression, true, needs),
        }
    }

    /// `binding`: the indexes of references bind their variables; under `not` they may not.
    fn expression(&self, expression: &'policy Expr, binding: bool, needs: &mut Needs<'policy>) {
        match expression {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => {}
            Expr::Var { span, .. } => needs.variables.push(span),
            Expr::Array { items, .. } | Expr::Set { items, .. } | Expr::Call { params: items, .. } => {
                for item in items {
                    self.expression(item, binding, needs);
                }
            }
            Expr::Object { fields, .. } => fields.iter().for_each(|(_, key, value)| {
                self.expression(key, binding, needs);
                self.expression(value, binding, needs);
            }),
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                needs.nested.push(Nested { query, outputs: vec![term], own: Names::new() });
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                needs.nested.push(Nested { query, outputs: vec![key, value], own: Names::new() });
            }
            Expr::UnaryExpr { expr, .. } => self.expression(expr, binding, needs),
            Expr::RefDot { refr, .. } => self.expression(refr, binding, needs),
            Expr::RefBrack { refr, index, .. } => {
                self.expression(refr, binding, needs);
                if binding && matches!(index.as_ref(), Expr::Var { .. } | Expr::Array { .. } | Expr::Object { .. }) {
                    needs.binds.extend(walk::pattern(index));
                    self.pattern_needs(index, needs);
                } else {
                    self.expression(index, binding, needs);
                }
            }
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => {
                self.expression(lhs, binding, needs);
                self.expression(rhs, binding, needs);
            }
            Expr::Membership { key, value, collection, .. } => {
                if let Some(key) = key {
                    self.expression(key, binding, needs);
                }
                self.expression(value, binding, needs);
                self.expression(collection, binding, needs);
            }
        }
    }
}
