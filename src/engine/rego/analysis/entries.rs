//! The rules of a package that decide.

use super::program::{Definition, Kind, Program};
use super::{ParsedPolicy, PolicyFault};
use regorus::unstable::{Expr, Rule, RuleHead};
use std::collections::{BTreeMap, BTreeSet};

/// What a rule of a package says by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EntryKind {
    /// `deny`, `violation`, `violations`, also with a suffix such as `deny_soak`.
    Deny,
    /// `hold`, also with a suffix.
    Hold,
    /// `warn`, also with a suffix.
    Warn,
    /// `skip_reason`.
    SkipReason,
    /// The object of Chainloop's policies: their `result`, or, without one, what `violations` and the rules around it
    /// come to.
    Result,
}

/// One rule that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryRule {
    /// The name below the package.
    pub name: String,
    /// What it says.
    pub kind: EntryKind,
    /// The line of its first definition, from 1.
    pub line: u32,
    /// The file of its first definition.
    pub path: String,
}

/// The rules that decide, of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PackageRules {
    /// The name without `data.`, such as `promotion.soak_time`.
    pub package: String,
    /// The first file of the package, in the order they were loaded.
    pub path: String,
    /// The line of `package` in it.
    pub line: u32,
    /// By name; empty when the package only helps others.
    pub entry_rules: Vec<EntryRule>,
    /// The names of all its rules.
    pub names: BTreeSet<String>,
}

impl PackageRules {
    /// The rules that only Chainloop's policies have.
    pub(crate) const CHAINLOOPS: [&'static str; 2] = ["result", "violations"];

    /// Whether it has a rule that only Chainloop's policies have, so that others of its rules mean what they mean there.
    #[must_use]
    pub(crate) fn is_chainloops(&self) -> bool {
        Self::CHAINLOOPS.into_iter().any(|name| self.names.contains(name))
    }
}

/// The packages of all policies, by name, with the rules of each that decide.
#[must_use]
pub(crate) fn packages(policies: &[ParsedPolicy]) -> Vec<PackageRules> {
    Program::new(policies).map(|program| packages_of(&program)).unwrap_or_default()
}

pub(super) fn packages_of(program: &Program<'_>) -> Vec<PackageRules> {
    let mut packages: BTreeMap<String, PackageRules> = BTreeMap::new();
    for file in &program.files {
        let name = super::program::package_of(file).unwrap_or_default().join(".");
        let span = &file.package.span;
        packages.entry(name.clone()).or_insert_with(|| PackageRules {
            package: name,
            path: span.source.get_path().clone(),
            line: span.line,
            entry_rules: Vec::new(),
            names: BTreeSet::new(),
        });
    }
    for definition in &program.definitions {
        let package = definition.home.join(".");
        let Some(package) = packages.get_mut(&package) else { continue };
        package.names.extend(definition.name().map(str::to_owned));
        let Some((name, kind)) = entry(definition) else { continue };
        if !package.entry_rules.iter().any(|rule| rule.name == name) {
            let span = definition.rule.span();
            let path = span.source.get_path().clone();
            package.entry_rules.push(EntryRule { name: name.to_owned(), kind, line: span.line, path });
        }
    }
    let mut packages: Vec<_> = packages.into_values().collect();
    for package in &mut packages {
        if package.is_chainloops() {
            read_as_chainloop(package);
        }
        package.entry_rules.sort_by(|one, other| one.name.cmp(&other.name));
    }
    packages
}

/// Chainloop asks for `result` alone: `violations` and `skip_reason` say something only through it.
fn read_as_chainloop(package: &mut PackageRules) {
    let composed = !package.names.contains("result");
    package.entry_rules.retain(|rule| match rule.name.as_str() {
        "violations" => composed,
        name => name != "skip_reason",
    });
    for rule in package.entry_rules.iter_mut().filter(|rule| rule.name == "violations") {
        rule.kind = EntryKind::Result;
    }
}

/// Whether a rule of this name decides.
pub(super) fn decides(name: &str) -> bool {
    kind_of(name).is_some()
}

/// What a rule of this name says; none for a rule that only helps others.
pub(crate) fn kind_of(name: &str) -> Option<EntryKind> {
    let stem = |stem: &str| name.strip_prefix(stem).is_some_and(|suffix| suffix.is_empty() || suffix.starts_with('_'));
    match name {
        "skip_reason" => Some(EntryKind::SkipReason),
        "result" => Some(EntryKind::Result),
        _ if ["deny", "violation", "violations"].into_iter().any(stem) => Some(EntryKind::Deny),
        _ if stem("hold") => Some(EntryKind::Hold),
        _ if stem("warn") => Some(EntryKind::Warn),
        _ => None,
    }
}

pub(super) fn entry<'definition>(definition: &'definition Definition<'_>) -> Option<(&'definition str, EntryKind)> {
    let name = definition.name()?;
    Some((name, kind_of(name)?))
}

/// Refuses rules that decide and cannot be read: they would deny, and nobody would hear it.
pub(super) fn check(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    for definition in &program.definitions {
        if definition.kind == Kind::Set && definition.name() == Some("exception") && !definition.test {
            let message = "`exception` silences other rules in conftest, and has no meaning here";
            let hint = "write the condition into the rule itself; if it is no exception, give it another name";
            faults.push(definition.fault("conftest_exception", message, hint));
        }
        let Some((name, kind)) = entry(definition) else { continue };
        let beneath = definition.path.len() > definition.package + 1;
        let scalar = values(definition.rule).into_iter().any(is_scalar);
        let (wanted, hint) = match kind {
            EntryKind::SkipReason => ("a text", "write `skip_reason := \"why\" if …`".to_owned()),
            EntryKind::Result => ("an object", "write `result := {\"violations\": …, \"skipped\": false}`".to_owned()),
            _ => ("a set of texts or objects", format!("write `{name} contains msg if …`")),
        };
        let fits = match (kind, definition.kind) {
            _ if beneath => false,
            (EntryKind::SkipReason, Kind::Complete) => !not_text(definition.rule),
            (EntryKind::Deny | EntryKind::Hold | EntryKind::Warn, Kind::Set) => true,
            (_, Kind::Complete) => !scalar,
            _ => false,
        };
        if !fits {
            let what = if beneath && definition.kind != Kind::Object {
                "a rule with parts"
            } else {
                describe(definition, scalar)
            };
            let message = format!("`{name}` must be {wanted}, and is {what}");
            faults.push(definition.fault("entry_rule", message, &hint));
        }
    }
}

fn describe(definition: &Definition<'_>, scalar: bool) -> &'static str {
    match definition.kind {
        Kind::Complete if scalar => "a single value such as `true`",
        kind => kind.word(),
    }
}

/// The values that a rule with one value can take, as they are written; a rule without one is `true`.
fn values(rule: &Rule) -> Vec<Option<&Expr>> {
    match rule {
        Rule::Default { value, .. } => vec![Some(value.as_ref())],
        Rule::Spec { head: RuleHead::Compr { assign, .. }, bodies, .. } => {
            let others = bodies.iter().skip(1).map(|body| body.assign.as_ref().map(|assign| assign.value.as_ref()));
            std::iter::once(assign.as_ref().map(|assign| assign.value.as_ref())).chain(others).collect()
        }
        Rule::Spec { .. } => Vec::new(),
    }
}

fn is_scalar(value: Option<&Expr>) -> bool {
    matches!(
        value,
        None | Some(
            Expr::String { .. }
                | Expr::RawString { .. }
                | Expr::Number { .. }
                | Expr::Bool { .. }
                | Expr::Null { .. }
                | Expr::BoolExpr { .. }
                | Expr::ArithExpr { .. }
                | Expr::Membership { .. }
        )
    )
}

fn not_text(rule: &Rule) -> bool {
    values(rule).into_iter().any(|value| {
        let text = matches!(value, Some(Expr::String { .. } | Expr::RawString { .. }));
        (is_scalar(value) && !text)
            || matches!(value, Some(Expr::Array { .. } | Expr::Set { .. } | Expr::Object { .. }))
    })
}
