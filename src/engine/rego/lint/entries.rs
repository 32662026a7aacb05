//! Rules that decide and are not heard: their names are almost right, or what they say is no message.

use std::collections::BTreeSet;

use regorus::unstable::{AssignOp, Expr, Literal, Rule, RuleBody, RuleHead, Span};

use crate::domain::text::nearest;
use crate::engine::rego::analysis::program::{Definition, Kind, Part};
use crate::engine::rego::analysis::{EntryKind, kind_of};
use crate::engine::rego::fault::PolicyFault;

use super::context::{Context, names};

/// The names that decide, for hints.
const NAMES: [&str; 7] = ["deny", "hold", "result", "skip_reason", "violation", "violations", "warn"];

/// Other forms of these words, and what was meant.
const FORMS: [(&str, &str); 18] = [
    ("denial", "deny"),
    ("denials", "deny"),
    ("denied", "deny"),
    ("denies", "deny"),
    ("held", "hold"),
    ("holds", "hold"),
    ("on_hold", "hold"),
    ("results", "result"),
    ("skip", "skip_reason"),
    ("skip_reasons", "skip_reason"),
    ("skipped", "skip_reason"),
    ("skips", "skip_reason"),
    ("violated", "violations"),
    ("violates", "violations"),
    ("warned", "warn"),
    ("warning", "warn"),
    ("warnings", "warn"),
    ("warns", "warn"),
];

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<PolicyFault>) {
    let used = used(context);
    let mut said = BTreeSet::new();
    for (definition, _) in context.definitions().filter(|(definition, _)| !definition.test) {
        message(definition, faults);
        let Some(path) = names(&definition.path) else { continue };
        if !used.contains(&path) && said.insert(path) {
            faults.extend(near(definition));
        }
    }
}

/// The rules that others read or call.
fn used(context: &Context<'_>) -> BTreeSet<Vec<String>> {
    let mut used = BTreeSet::new();
    for (_, facts) in context.definitions().filter(|(definition, _)| !definition.test) {
        for read in &facts.reads {
            let [Part::Name(root), below @ ..] = read.path.as_slice() else { continue };
            if root == "data" {
                used.extend((1..=below.len()).filter_map(|length| names(below.get(..length)?)));
            }
        }
        used.extend(facts.calls.iter().filter_map(|call| call.rule.clone()));
    }
    used
}

/// A rule that nothing uses, with a name that is almost one that decides.
fn near(definition: &Definition<'_>) -> Option<PolicyFault> {
    let name = definition.name()?;
    if !matches!(definition.kind, Kind::Set | Kind::Complete) || kind_of(name).is_some() {
        return None;
    }
    let stem = name.split('_').next().unwrap_or(name);
    let of_form = |text: &str| FORMS.iter().find(|(form, _)| *form == text).map(|(_, meant)| *meant);
    let meant = of_form(name)
        .or_else(|| nearest(name, NAMES))
        .or_else(|| of_form(stem).filter(|_| definition.kind == Kind::Set))?;
    let message = format!("`{name}` decides nothing, and no rule uses it");
    Some(definition.fault("near_entry", message, &format!("did you mean `{meant}`?")))
}

/// What a rule that objects says must have a message.
fn message(definition: &Definition<'_>, faults: &mut Vec<PolicyFault>) {
    let objects = |kind| matches!(kind, EntryKind::Deny | EntryKind::Hold | EntryKind::Warn);
    let decides = definition.name().and_then(kind_of).is_some_and(objects);
    let Rule::Spec { head: RuleHead::Set { key: Some(said), .. }, bodies, .. } = definition.rule else { return };
    if !decides {
        return;
    }
    let values = match said.as_ref() {
        Expr::Var { span, .. } => assigned(span, bodies),
        said => vec![said],
    };
    for value in values {
        if let Some(why) = unfit(value) {
            let span = value.span();
            let hint = "say a text, or an object with `message`";
            faults.push(PolicyFault::at(definition.source(), (span.line, span.col), "message_missing", why, hint));
        }
    }
}

/// What `name := …` gives a variable in the bodies of its rule.
fn assigned<'policy>(name: &Span, bodies: &'policy [RuleBody]) -> Vec<&'policy Expr> {
    let statements = bodies.iter().flat_map(|body| &body.query.stmts);
    let value = |literal: &'policy Literal| match literal {
        Literal::Expr { expr, .. } => match expr.as_ref() {
            Expr::AssignExpr { op: AssignOp::ColEq, lhs, rhs, .. } => match lhs.as_ref() {
                Expr::Var { span, .. } if span.text() == name.text() => Some(rhs.as_ref()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    statements.filter_map(|statement| value(&statement.literal)).collect()
}

/// Why a value is no message, as far as its text tells.
fn unfit(value: &Expr) -> Option<&'static str> {
    match value {
        Expr::Object { fields, .. } => {
            let keys: Option<Vec<String>> = fields.iter().map(|(_, key, _)| text(key)).collect();
            let named = keys?.iter().any(|key| matches!(key.as_str(), "message" | "msg"));
            (!named).then_some("what is said here has no `message`")
        }
        Expr::String { .. } | Expr::RawString { .. } => {
            text(value)?.trim().is_empty().then_some("what is said here is empty")
        }
        Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. } | Expr::Array { .. } | Expr::Set { .. } => {
            Some("what is said here is neither a text nor an object")
        }
        _ => None,
    }
}

fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::String { value, .. } | Expr::RawString { value, .. } => Some(value.as_string().ok()?.to_string()),
        _ => None,
    }
}
