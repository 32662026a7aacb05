//! Rules that are tests, with what is needed to run them and to say why one failed.
//!
//! The texts are cut from the source, so that statements of a test can be evaluated again in rules of their own.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt, Rule, RuleHead, Span};

use super::ParsedPolicy;
use super::program::{Definition, Kind, Part, Program, shown};

/// One definition of a rule whose name begins with `test_` or `todo_`.
#[derive(Clone, Debug)]
pub(crate) struct TestRule {
    /// The package without `data.`.
    pub package: String,
    /// The name below the package, without the brackets of parameters.
    pub name: String,
    /// Where its value is: `data.package.name`.
    pub path: String,
    pub file: String,
    pub line: u32,
    pub column: u32,
    /// The line as it is written.
    pub source: String,
    pub kind: TestKind,
    /// Those of its body; none when it has more than one.
    pub statements: Vec<Statement>,
    /// The package and the imports of its file, as a new file would begin.
    pub preamble: String,
    /// Whether the file is written in Rego v1.
    pub is_v1: bool,
    /// The bytes of its name in the file.
    pub name_bytes: (usize, usize),
    /// The number of earlier tests of this name: the engine would take them all for one rule.
    pub earlier: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TestKind {
    /// `test_name if …`
    Plain,
    /// `test_name[case] if …`: the texts between the brackets, and how many statements it takes to bind them.
    Cases { keys: Vec<String>, bound_by: usize },
    /// `test_name(argument) if …`, which nobody calls.
    Function,
    /// `todo_name if …`
    ToDo,
}

/// One statement of a body.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub text: String,
    pub line: u32,
    /// Expressions in it whose values tell why it is not true.
    pub parts: Vec<Expression>,
}

/// One expression of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    /// What it is called, such as `left`.
    pub name: &'static str,
    /// As it is written.
    pub text: String,
    /// The same under the statement's `with`.
    pub evaluated: String,
}

/// The tests of all policies, by file and line.
#[must_use]
pub(crate) fn test_rules(policies: &[ParsedPolicy]) -> Vec<TestRule> {
    let Ok(program) = Program::new(policies) else { return Vec::new() };
    let mut tests: Vec<TestRule> = program.definitions.iter().filter_map(test_rule).collect();
    tests.sort_by(|one, other| (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column)));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for test in &mut tests {
        let count = counts.entry(test.path.clone()).or_default();
        test.earlier = *count;
        *count += 1;
    }
    tests
}

fn test_rule(definition: &Definition<'_>) -> Option<TestRule> {
    let Rule::Spec { head, bodies, span } = definition.rule else { return None };
    let below = definition.path.get(definition.package..)?;
    let (position, word) = below.iter().enumerate().find_map(|(position, part)| match part {
        Part::Name(name) if is_test_name(name) => Some((position, name)),
        _ => None,
    })?;
    // What stands behind the name of a test with parameters are the keys of its cases; else it is part of the name.
    let has_cases = below.contains(&Part::Any);
    let named = if has_cases { position + 1 } else { below.len() };
    let statements: Vec<&LiteralStmt> = match bodies.as_slice() {
        [body] => body.query.stmts.iter().collect(),
        _ => Vec::new(),
    };
    let reference = reference(head);
    let words = words_of(reference)?;
    let keys: Vec<&Word<'_>> = words.iter().skip(named).filter(|_| has_cases).collect();
    let kind = if word.starts_with("todo_") {
        TestKind::ToDo
    } else if matches!(definition.kind, Kind::Function(_)) {
        TestKind::Function
    } else if keys.is_empty() {
        TestKind::Plain
    } else {
        TestKind::Cases { bound_by: bound_by(&keys, &statements), keys: keys.iter().map(|key| key.text()).collect() }
    };
    let name = words.get(position)?.span();
    Some(TestRule {
        package: shown(definition.path.get(..definition.package)?).trim_start_matches("data.").to_owned(),
        name: shown(below.get(..named)?).trim_start_matches("data.").to_owned(),
        path: shown(definition.path.get(..definition.package + named)?),
        file: span.source.get_path().clone(),
        line: span.line,
        column: span.col,
        source: line_of(span),
        kind,
        statements: statements.into_iter().map(statement).collect(),
        preamble: preamble(definition),
        is_v1: definition.file.rego_v1,
        name_bytes: bytes(name),
        earlier: 0,
    })
}

fn is_test_name(name: &str) -> bool {
    name.starts_with("test_") || name.starts_with("todo_")
}

const fn reference(head: &RuleHead) -> &regorus::unstable::Ref<Expr> {
    match head {
        RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. } => refr,
    }
}

/// One part of a rule's name: a word, or what stands between brackets.
enum Word<'policy> {
    Name(&'policy Span),
    Key(&'policy Expr),
}

impl<'policy> Word<'policy> {
    fn span(&self) -> &'policy Span {
        match self {
            Self::Name(span) => span,
            Self::Key(key) => key.span(),
        }
    }

    /// As an expression of Rego.
    fn text(&self) -> String {
        match self {
            Self::Name(span) => format!("\"{}\"", span.text()),
            Self::Key(key) => text(key.span()),
        }
    }
}

/// The parts of a rule's name; none when it does not begin with a name.
fn words_of(reference: &Expr) -> Option<Vec<Word<'_>>> {
    let mut words = Vec::new();
    let mut rest = reference;
    loop {
        match rest {
            Expr::Var { span, .. } => {
                words.push(Word::Name(span));
                break;
            }
            Expr::RefDot { refr, field, .. } => {
                words.push(Word::Name(&field.0));
                rest = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                words.push(Word::Key(index));
                rest = refr;
            }
            _ => return None,
        }
    }
    words.reverse();
    Some(words)
}

/// How many statements have to be evaluated until the variables of the keys are known, if each is bound where it is
/// named first.
fn bound_by(keys: &[&Word<'_>], statements: &[&LiteralStmt]) -> usize {
    let keys = keys.iter().filter_map(|key| match key {
        Word::Name(_) => None,
        Word::Key(key) => Some(text(key.span())),
    });
    let names: BTreeSet<String> = keys.flat_map(|key| words(&key)).collect();
    let first = |name: &String| {
        let position = statements.iter().position(|statement| words(&text(&statement.span)).contains(name));
        position.map_or(0, |position| position + 1)
    };
    names.iter().map(first).max().unwrap_or(0)
}

/// Everything in the text that could be a variable's name.
fn words(text: &str) -> BTreeSet<String> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.split(|character| !is_word(character)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn statement(statement: &LiteralStmt) -> Statement {
    let with = match statement.with_mods.first() {
        Some(first) => format!(" {}", between(&first.span, &statement.span)),
        None => String::new(),
    };
    let part = |name: &'static str, expression: &Expr| {
        let text = text(expression.span());
        Expression { name, evaluated: format!("{text}{with}"), text }
    };
    let parts = match &statement.literal {
        Literal::SomeVars { .. } | Literal::Every { .. } => Vec::new(),
        Literal::SomeIn { collection, .. } => vec![part("collection", collection)],
        Literal::NotExpr { expr, .. } => vec![part("value", expr)],
        Literal::Expr { expr, .. } => match expr.as_ref() {
            Expr::BoolExpr { lhs, rhs, .. } | Expr::AssignExpr { lhs, rhs, op: AssignOp::Eq, .. } => {
                vec![part("left", lhs), part("right", rhs)]
            }
            Expr::AssignExpr { rhs, .. } => vec![part("right", rhs)],
            Expr::Membership { value, collection, .. } => vec![part("value", value), part("collection", collection)],
            expression => vec![part("value", expression)],
        },
    };
    Statement { text: text(&statement.span), line: statement.span.line, parts }
}

fn preamble(definition: &Definition<'_>) -> String {
    let package = text(definition.file.package.refr.span());
    let imports = definition.file.imports.iter().map(|import| {
        let alias = import.r#as.as_ref().map(|alias| format!(" as {}", alias.text())).unwrap_or_default();
        format!("import {}{alias}\n", text(import.refr.span()))
    });
    format!("package {package}\n{}", imports.collect::<String>())
}

/// The text of the span. The engine's spans leave the quotes out where a text begins or ends them.
fn text(span: &Span) -> String {
    between(span, span)
}

fn between(first: &Span, last: &Span) -> String {
    let (start, end) = (bytes(first).0, bytes(last).1);
    let contents = first.source.contents();
    let is_quote = |position: usize| matches!(contents.as_bytes().get(position), Some(b'"' | b'`'));
    let start = if start > 0 && is_quote(start - 1) { start - 1 } else { start };
    let end = if is_quote(end) { end + 1 } else { end };
    contents.get(start..end).unwrap_or_default().to_owned()
}

fn bytes(span: &Span) -> (usize, usize) {
    (usize::try_from(span.start).unwrap_or(usize::MAX), usize::try_from(span.end).unwrap_or(usize::MAX))
}

fn line_of(span: &Span) -> String {
    span.source.line(span.line.saturating_sub(1)).trim().to_owned()
}
