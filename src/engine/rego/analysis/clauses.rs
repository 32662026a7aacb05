//! The rules of a package one by one, for explanations: the clauses of those that decide, and the names of the others.

use super::ParsedPolicy;
use super::entries::{EntryKind, entry};
use super::program::{Definition, Kind, Program};
use regorus::unstable::{Expr, Rule, RuleHead, Span};
use std::collections::{BTreeMap, BTreeSet};

/// One definition of a rule that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryClause {
    /// The name of the rule.
    pub name: String,
    /// What it says.
    pub kind: EntryKind,
    /// The file.
    pub path: String,
    /// The line it begins at, from 1.
    pub line: u32,
    /// Its text, whole.
    pub text: String,
    /// Where in the text the rule's name is, in bytes.
    pub name_at: usize,
}

impl EntryClause {
    /// The same clause under another name; None when the name is not where it should be.
    pub(crate) fn renamed(&self, name: &str) -> Option<String> {
        let (before, rest) = self.text.split_at_checked(self.name_at)?;
        Some(format!("{before}{name}{}", rest.strip_prefix(&self.name)?))
    }
}

/// The rules of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PackageClauses {
    /// Those that decide, in the order of files and lines. A default is none: it is what holds when no clause does.
    pub clauses: Vec<EntryClause>,
    /// The names of the others that have a value: functions and tests have none.
    pub values: BTreeSet<String>,
}

/// The rules of each package, by its name.
#[must_use]
pub(crate) fn clauses(policies: &[ParsedPolicy]) -> BTreeMap<String, PackageClauses> {
    let Ok(program) = Program::new(policies) else { return BTreeMap::new() };
    let mut packages: BTreeMap<String, PackageClauses> = BTreeMap::new();
    for definition in program.definitions.iter().filter(|definition| !definition.test) {
        let name = definition.home.join(".");
        let package = packages.entry(name).or_default();
        match (entry(definition), definition.name()) {
            (Some((name, kind)), _) => package.clauses.extend(clause(definition, name, kind)),
            (None, Some(name)) if !matches!(definition.kind, Kind::Function(_)) => {
                package.values.insert(name.to_owned());
            }
            (None, _) => {}
        }
    }
    packages
}

fn clause(definition: &Definition<'_>, name: &str, kind: EntryKind) -> Option<EntryClause> {
    let Rule::Spec { span, head, .. } = definition.rule else { return None };
    let reference = match head {
        RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. } => refr,
    };
    let name_at = first_word(reference)?.start.checked_sub(span.start)?;
    Some(EntryClause {
        name: name.to_owned(),
        kind,
        path: span.source.get_path().clone(),
        line: span.line,
        text: whole(span)?.to_owned(),
        name_at: usize::try_from(name_at).ok()?,
    })
}

/// The text of a rule. The engine's span of a string, and so of a rule that ends in one, ends before its closing quote.
fn whole(span: &Span) -> Option<&str> {
    let (start, end) = (usize::try_from(span.start).ok()?, usize::try_from(span.end).ok()?);
    let text = span.source.contents();
    let quoted = text.get(end..).is_some_and(|rest| rest.starts_with(['"', '`']));
    text.get(start..end + usize::from(quoted))
}

/// Where a reference begins.
fn first_word(mut reference: &Expr) -> Option<&Span> {
    loop {
        match reference {
            Expr::Var { span, .. } => return Some(span),
            Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => reference = refr,
            _ => return None,
        }
    }
}
