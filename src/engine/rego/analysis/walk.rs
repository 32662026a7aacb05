//! A walk over every expression of a rule, with the names that are local where it stands.

use regorus::unstable::{AssignOp, Expr, Literal, Query, Ref, Rule, RuleAssign, RuleHead, Span, WithModifier};
use std::collections::BTreeSet;

/// What an expression and a body take of the stack when they are evaluated, in units of about 70 bytes.
const EXPRESSION_UNITS: usize = 8;
const QUERY_UNITS: usize = 64;

/// The local names, outermost first.
pub(in crate::engine::rego) type Scopes<'policy> = Vec<BTreeSet<&'policy str>>;

/// What a check sees. References are shown whole, their indexes on their own besides.
pub(in crate::engine::rego) trait Visitor {
    /// A reference or a variable that is read.
    fn reference(&mut self, _expression: &Expr, _scopes: &Scopes<'_>) {}
    /// A call; `statement` when it stands alone, so that it may have one argument more, for its result.
    fn call(&mut self, _function: &Expr, _arguments: usize, _statement: bool, _scopes: &Scopes<'_>) {}
    /// A call under `not`; [`Visitor::call`] is told of it too.
    fn negated_call(&mut self, _function: &Expr) {}
    /// A `with`; its value is walked too, its target is not.
    fn with(&mut self, _with: &WithModifier, _scopes: &Scopes<'_>) {}
    /// The arguments of a call, before they are walked.
    fn arguments(&mut self, _function: &Expr, _arguments: &[Ref<Expr>], _scopes: &Scopes<'_>) {}
    /// A statement of a body, before it is walked.
    fn literal(&mut self, _literal: &Literal, _scopes: &Scopes<'_>) {}
    /// A membership, `x in y`, before its parts are walked.
    fn membership(&mut self, _membership: &Expr, _scopes: &Scopes<'_>) {}
    /// How much of the stack is taken here, about: expressions and bodies that lie in each other.
    fn depth(&mut self, _units: usize) {}
    /// A body: of a rule, a comprehension or an `every`.
    fn query(&mut self, _query: &Query) {}
    /// The end of a body, and of what is said of each of its solutions.
    fn leave(&mut self) {}
}

/// Whether a name is local.
pub(in crate::engine::rego) fn is_local(scopes: &Scopes<'_>, name: &str) -> bool {
    scopes.iter().any(|scope| scope.contains(name))
}

pub(in crate::engine::rego) fn rule(rule: &Rule, visitor: &mut dyn Visitor) {
    let mut walk = Walk { visitor, scopes: Vec::new(), depth: 0 };
    match rule {
        Rule::Default { args, value, .. } => {
            walk.scopes.push(args.iter().flat_map(|argument| pattern(argument)).collect());
            walk.expression(value);
        }
        Rule::Spec { head, bodies, .. } => {
            let (arguments, reference, mut values): (&[_], _, Vec<&Expr>) = match head {
                RuleHead::Func { refr, args, assign, .. } => (args, refr, assigned(assign.as_ref())),
                RuleHead::Compr { refr, assign, .. } => (&[], refr, assigned(assign.as_ref())),
                RuleHead::Set { refr, key, .. } => (&[], refr, key.iter().map(AsRef::as_ref).collect()),
            };
            values.extend(indexes(reference));
            walk.scopes.push(arguments.iter().flat_map(|argument| pattern(argument)).collect());
            for argument in arguments {
                walk.expression(argument);
            }
            // The head of a rule sees the variables of its body.
            if bodies.is_empty() {
                walk.expressions(&values);
            }
            for (index, body) in bodies.iter().enumerate() {
                let mut outputs = assigned(body.assign.as_ref());
                if index == 0 || !body.is_else {
                    outputs.extend(&values);
                }
                walk.query(&body.query, &outputs);
            }
        }
    }
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

struct Walk<'visitor, 'policy> {
    visitor: &'visitor mut dyn Visitor,
    scopes: Scopes<'policy>,
    depth: usize,
}

impl<'policy> Walk<'_, 'policy> {
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
        self.scopes.push(declared(query));
        for statement in &query.stmts {
            for with in &statement.with_mods {
                self.visitor.with(with, &self.scopes);
                self.expression(&with.r#as);
            }
            self.literal(&statement.literal);
        }
        self.expressions(outputs);
        self.visitor.leave();
        self.scopes.pop();
        self.depth -= QUERY_UNITS;
    }

    fn literal(&mut self, literal: &'policy Literal) {
        self.visitor.literal(literal, &self.scopes);
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
                    self.visitor.negated_call(fcn);
                }
                self.statement(expr);
            }
            Literal::Every { key, value, domain, query, .. } => {
                self.expression(domain);
                let names = key.iter().chain([value]).map(Span::text);
                self.scopes.push(names.collect());
                self.query(query, &[]);
                self.scopes.pop();
            }
        }
    }

    fn statement(&mut self, expression: &'policy Expr) {
        match expression {
            Expr::Call { fcn, params, .. } => {
                self.visitor.call(fcn, params.len(), true, &self.scopes);
                self.visitor.arguments(fcn, params, &self.scopes);
                self.list(params);
            }
            expression => self.expression(expression),
        }
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
            Expr::Var { .. } => self.visitor.reference(expression, &self.scopes),
            Expr::Array { items, .. } | Expr::Set { items, .. } => self.list(items),
            Expr::Object { fields, .. } => fields.iter().for_each(|(_, key, value)| self.expressions(&[key, value])),
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => self.query(query, &[term]),
            Expr::ObjectCompr { key, value, query, .. } => self.query(query, &[key, value]),
            Expr::Call { fcn, params, .. } => {
                self.visitor.call(fcn, params.len(), false, &self.scopes);
                self.visitor.arguments(fcn, params, &self.scopes);
                self.list(params);
            }
            Expr::UnaryExpr { expr, .. } => self.expression(expr),
            Expr::RefDot { .. } | Expr::RefBrack { .. } => self.reference(expression),
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => self.expressions(&[lhs, rhs]),
            Expr::Membership { key, value, collection, .. } => {
                self.visitor.membership(expression, &self.scopes);
                if let Some(key) = key {
                    self.expression(key);
                }
                self.expressions(&[value, collection]);
            }
        }
    }

    fn reference(&mut self, expression: &'policy Expr) {
        self.visitor.reference(expression, &self.scopes);
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
