//! What a configuration would run, as text, JSON or Markdown.

mod markdown;
mod text;

use clap::ValueEnum;
use serde::Serialize;

use crate::domain::catalogue::{Catalogue, Listed, ListedEnvironment, ListedRule, Parameter};
use crate::domain::verdict::Verdict;

use super::escape::{self, NAME_LIMIT};
use super::{Style, json};

/// The name of the JSON document's form.
const SCHEMA: &str = "holdpoint.catalogue/v1";

/// How a catalogue is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CatalogueFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: `holdpoint.catalogue/v1`.
    Json,
    /// For a wiki or a comment.
    Markdown,
}

/// The catalogue in this format, ending in one line break. The style counts for [`CatalogueFormat::Text`] only.
#[must_use]
pub fn render(catalogue: &Catalogue, format: CatalogueFormat, style: Style) -> String {
    let output = match format {
        CatalogueFormat::Text => escape::inert(&text::render(catalogue, style)),
        CatalogueFormat::Json => json::render(&Document { schema: SCHEMA, catalogue }),
        CatalogueFormat::Markdown => escape::inert(&markdown::render(catalogue)),
    };
    format!("{}\n", output.trim_end_matches('\n'))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    catalogue: &'a Catalogue,
}

/// The lines of the promotion graph.
fn promotion(catalogue: &Catalogue) -> Vec<String> {
    let lines = catalogue.promotion.iter();
    lines.map(|line| line.iter().map(|name| name_of(name)).collect::<Vec<_>>().join(" → ")).collect()
}

/// What it means that no rule counts in an environment; none when one does.
fn without_rules(environment: &ListedEnvironment) -> Option<String> {
    let verdict = environment.verdict_without_rules?;
    let why = if environment.rules.is_empty() { "no rule applies" } else { "no rule is enforced" };
    Some(match verdict {
        Verdict::Allow => format!("{why}: every request is allowed (`when_no_rule_applies: allow`)"),
        verdict => format!("{why}: every request is `{verdict}`"),
    })
}

/// What the parameter is, and whether the configuration says so.
fn value(parameter: &Parameter) -> String {
    let Some(value) = &parameter.value else { return "not given".to_owned() };
    escape::line(&value.to_string(), escape::MESSAGE_LIMIT)
}

/// Where a policy is defined; what a plugin is, and what it was granted.
fn origin(listed: &Listed) -> String {
    let plugin = match listed {
        Listed::Policy(policy) => return format!("{}:{}", name_of(&policy.location.path), policy.location.line),
        Listed::Plugin(plugin) => plugin,
    };
    let mut parts = vec![format!("plugin {}", plugin.report.digest.short())];
    parts.extend(plugin.report.origin.iter().map(|origin| format!("from {}", name_of(&origin.to_string()))));
    let names = |names: &[String]| names.iter().map(|name| name_of(name)).collect::<Vec<_>>().join(", ");
    parts.extend((!plugin.http.is_empty()).then(|| format!("may reach {}", names(&plugin.http))));
    parts.extend((!plugin.secrets.is_empty()).then(|| format!("may read {}", names(&plugin.secrets))));
    parts.join(", ")
}

/// The origin of what a rule names, and where the configuration names it.
fn origins(rule: &ListedRule) -> String {
    let named = rule.configured_at.as_ref().map(|at| format!(", named in {}:{}", name_of(&at.path), at.line));
    format!("{}{}", origin(&rule.listed), named.unwrap_or_default())
}

fn name_of(name: &str) -> String {
    escape::line(name, NAME_LIMIT)
}
