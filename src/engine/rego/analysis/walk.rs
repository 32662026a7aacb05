//! A walk over every expression of a rule, with the names that are local where it stands.

mod visitor;

pub(super) use visitor::Together;
pub(in crate::engine::rego) use visitor::{Here, Mention, Visitor};

use super::program::{Definition, Program};
use regorus::unstable::{AssignOp, Expr, Literal, Query, Ref, Rule, RuleAssign, RuleHead, Span};
use std::collections::BTreeSet;

/// What an expression and a body take of the stack when they are evaluated, in units of about 70 bytes.
const EXPRESSION_UNITS: usize = 8;
const QUERY_UNITS: usize = 64;

/// The local names, outermost first.
pub(in crate::engine::rego) type Scopes<'policy> = Vec<BTreeSet<&'policy str>>;

/// Whether a name is local.
pub(in crate::engine::rego) fn is_local(scopes: &Scopes<'_>, name: &str) -> bool {
    scopes.iter().any(|scope| scope.contains(name))
}

/// Shows a definition to a visitor.
pub(in crate::engine::rego) fn definition<'policy>(
    program: &Program<'policy>,
    definition: &Definition<'policy>,
    visitor: &mut dyn Visitor,
) {
    visitor.begin();
    let here = Here { program, definition, scopes: Vec::new() };
    Walk { visitor, here, depth: 0 }.rule(definition.rule);
}

fn assigned(assign: Option<&RuleAssign>) -> Vec<&Expr> {
    assign.iter().map(|assign| assign.value.as_ref()).collect()
}

/// The indexes of a rule's own name.
pub(in crate::engine::rego) fn indexes(reference: &Expr) -> Vec<&Expr> {
    match reference {
        Expr::RefDot { refr, .. } => indexes(refr),
        Expr::RefBrack { refr, index, .. } => {
            let mut inner = indexes(refr);
            inner.push(index);
            inner
        }
        _ => Vec::new(),
    }
}

/// The variables of a pattern: an argument, or the left side of `:=`.
pub(in crate::engine::rego) fn pattern(expression: &Expr) -> Vec<&str> {
    match expression {
        Expr::Var { span, .. } if !matches!(span.text(), "_" | "input" | "data") => vec![span.text()],
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().flat_map(|item| pattern(item)).collect(),
        Expr::Object { fields, .. } => fields.iter().flat_map(|(_, _, value)| pattern(value)).collect(),
        _ => Vec::new(),
    }
}

/// The names that a body declares: by `some`, and on the left of `:=`.
pub(in crate::engine::rego) fn declared(query: &Query) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for statement in &query.stmts {
        match &statement.literal {
            Literal::SomeVars { vars, .. } => names.extend(vars.iter().map(Span::text)),
            Literal::SomeIn { key, value, .. } => {
                names.extend(key.iter().flat_map(|key| pattern(key)));
                names.extend(pattern(value));
            }
            Literal::Expr { expr, .. } => {
                if let Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } = expr.as_ref() {
                    names.extend(pattern(lhs));
                }
            }
            _ => {}
        }
    }
    names
}

struct Walk<'walk, 'policy> {
    visitor: &'walk mut dyn Visitor,
    here: Here<'walk, 'policy>,
    depth: usize,
}

impl<'policy> Walk<'_, 'policy> {
    fn rule(&mut self, rule: &'policy Rule) {
        match rule {
            Rule::Default { args, value, .. } => {
                self.here.scopes.push(args.iter().flat_map(|argument| pattern(argument)).collect());
                self.expression(value);
            }
            Rule::Spec { head, bodies, .. } => {
                let (arguments, reference, mut values): (&[_], _, Vec<&Expr>) = match head {
                    RuleHead::Func { refr, args, assign, .. } => (args, refr, assigned(assign.as_ref())),
                    RuleHead::Compr { refr, assign, .. } => (&[], refr, assigned(assign.as_ref())),
                    RuleHead::Set { refr, key, .. } => (&[], refr, key.iter().map(AsRef::as_ref).collect()),
                };
                values.extend(indexes(reference));
                self.here.scopes.push(arguments.iter().flat_map(|argument| pattern(argument)).collect());
                for argument in arguments {
                    self.expression(argument);
                }
                // The head of a rule sees the variables of its body.
                if bodies.is_empty() {
                    self.expressions(&values);
                }
                for (index, body) in bodies.iter().enumerate() {
                    let mut outputs = assigned(body.assign.as_ref());
                    if index == 0 || !body.is_else {
                        outputs.extend(&values);
                    }
                    self.query(&body.query, &outputs);
                }
            }
        }
    }

    fn expressions(&mut self, expressions: &[&'policy Expr]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn list(&mut self, expressions: &'policy [Ref<Expr>]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn query(&mut self, query: &'policy Query, outputs: &[&'policy Expr]) {
        self.visitor.query(query);
        self.depth += QUERY_UNITS;
        self.here.scopes.push(declared(query));
        for statement in &query.stmts {
            for with in &statement.with_mods {
                self.visitor.with(with, &self.here);
                self.expression(&with.r#as);
            }
            self.literal(&statement.literal);
        }
        self.expressions(outputs);
        self.visitor.leave();
        self.here.scopes.pop();
        self.depth -= QUERY_UNITS;
    }

    fn literal(&mut self, literal: &'policy Literal) {
        self.visitor.literal(literal, &self.here);
        match literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                if let Some(key) = key {
                    self.expression(key);
                }
                self.expression(value);
                self.expression(collection);
            }
            Literal::Expr { expr, .. } => self.statement(expr),
            Literal::NotExpr { expr, .. } => {
                if let Expr::Call { fcn, .. } = expr.as_ref() {
                    self.visitor.negated_call(&self.here.called(fcn), &self.here);
                }
                self.statement(expr);
            }
            Literal::Every { key, value, domain, query, .. } => {
                self.expression(domain);
                let names = key.iter().chain([value]).map(Span::text);
                self.here.scopes.push(names.collect());
                self.query(query, &[]);
                self.here.scopes.pop();
            }
        }
    }

    fn statement(&mut self, expression: &'policy Expr) {
        match expression {
            Expr::Call { fcn, params, .. } => self.call(fcn, params, true),
            expression => self.expression(expression),
        }
    }

    fn call(&mut self, function: &'policy Expr, arguments: &'policy [Ref<Expr>], statement: bool) {
        self.visitor.call(&self.here.called(function), arguments, statement, &self.here);
        self.list(arguments);
    }

    fn expression(&mut self, expression: &'policy Expr) {
        self.depth += EXPRESSION_UNITS;
        self.visitor.depth(self.depth);
        self.descend(expression);
        self.depth -= EXPRESSION_UNITS;
    }

    fn descend(&mut self, expression: &'policy Expr) {
        match expression {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => {}
            Expr::Var { .. } => self.visitor.reference(&self.here.read(expression), &self.here),
            Expr::Array { items, .. } | Expr::Set { items, .. } => self.list(items),
            Expr::Object { fields, .. } => fields.iter().for_each(|(_, key, value)| self.expressions(&[key, value])),
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => self.query(query, &[term]),
            Expr::ObjectCompr { key, value, query, .. } => self.query(query, &[key, value]),
            Expr::Call { fcn, params, .. } => self.call(fcn, params, false),
            Expr::UnaryExpr { expr, .. } => self.expression(expr),
            Expr::RefDot { .. } | Expr::RefBrack { .. } => self.reference(expression),
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => self.expressions(&[lhs, rhs]),
            Expr::Membership { key, value, collection, .. } => {
                self.visitor.membership(expression, &self.here);
                if let Some(key) = key {
                    self.expression(key);
                }
                self.expressions(&[value, collection]);
            }
        }
    }

    fn reference(&mut self, expression: &'policy Expr) {
        self.visitor.reference(&self.here.read(expression), &self.here);
        let mut rest = expression;
        loop {
            match rest {
                Expr::RefDot { refr, .. } => rest = refr,
                Expr::RefBrack { refr, index, .. } => {
                    self.expression(index);
                    rest = refr;
                }
                Expr::Var { .. } => return,
                base => return self.expression(base),
            }
        }
    }
}
