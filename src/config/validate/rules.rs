//! Rules.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::super::error::{Problem, quote};
use super::super::located::{Located, Place};
use super::super::raw::{RawEnforcement, RawRule, RawWhenNoRuleApplies};
use super::Check;
use crate::domain::finding::Location;
use crate::domain::rule::{Enforcement, Rule, RuleKind};

/// What rules may name.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) environments: &'a [String],
    pub(super) plugins: &'a [String],
    /// The configuration.
    pub(super) path: &'a Path,
}

pub(super) fn check(
    check: &mut Check<'_>,
    rules: Option<Located<Vec<Located<RawRule>>>>,
    known: Known<'_>,
    when_no_rule_applies: Option<RawWhenNoRuleApplies>,
) -> Vec<Rule> {
    let (rules, place) = rules.map_or((Vec::new(), Place::START), |rules| (rules.value, rules.place));
    if rules.is_empty() && !matches!(when_no_rule_applies, Some(RawWhenNoRuleApplies::Allow)) {
        let problem = Problem::new(place, "there are no `rules`, so nothing could ever be allowed").without_line();
        check.push(problem.hint("add a rule, or set `when_no_rule_applies: allow`"));
    }
    let mut uses = BTreeMap::new();
    rules.into_iter().filter_map(|rule| convert(check, rule, known, &mut uses)).collect()
}

fn convert(
    check: &mut Check<'_>,
    written: Located<RawRule>,
    known: Known<'_>,
    uses: &mut BTreeMap<String, usize>,
) -> Option<Rule> {
    let raw = written.value;
    let (kind, place) = match (raw.policy, raw.plugin) {
        (Some(policy), None) => {
            check_policy(check, &policy);
            (RuleKind::Policy(policy.value), policy.place)
        }
        (None, Some(plugin)) => {
            check_plugin(check, &plugin, known.plugins);
            (RuleKind::Plugin(plugin.value), plugin.place)
        }
        (Some(_), Some(_)) | (None, None) => {
            let hint = "write `policy: PACKAGE` or `plugin: NAME`";
            check.problem(written.place, "a rule needs either `policy` or `plugin`", hint);
            return None;
        }
    };
    let count = uses.entry(kind.name().to_owned()).or_default();
    *count += 1;
    let id = if *count == 1 { kind.name().to_owned() } else { format!("{}#{count}", kind.name()) };
    Some(Rule {
        id,
        environments: check_environments(check, raw.environments, kind.name(), known.environments),
        kind,
        parameters: Value::Object(raw.parameters.unwrap_or_default()),
        enforcement: match raw.enforcement {
            None | Some(RawEnforcement::Enforce) => Enforcement::Enforce,
            Some(RawEnforcement::Warn) => Enforcement::Warn,
            Some(RawEnforcement::DryRun) => Enforcement::DryRun,
        },
        location: Some(Location {
            path: known.path.display().to_string(),
            line: u32::try_from(place.line).unwrap_or(u32::MAX),
        }),
    })
}

fn check_plugin(check: &mut Check<'_>, plugin: &Located<String>, known: &[String]) {
    if !known.contains(&plugin.value) {
        let message = format!("the rule names the plugin {}, which is not defined", quote(&plugin.value));
        let hint = check.suggest(&plugin.value, known.iter().map(String::as_str), "the plugins");
        check.problem(plugin.place, message, hint);
    }
}

fn check_policy(check: &mut Check<'_>, policy: &Located<String>) {
    let name = &policy.value;
    if let Some(package) = name.strip_prefix("data.") {
        let message = format!("policy {} begins with `data.`", quote(name));
        check.problem(policy.place, message, format!("write the package alone: {}", quote(package)));
    } else if name.is_empty() || name.contains(|character: char| character.is_whitespace() || character.is_control()) {
        let message = format!("policy {} is not the name of a Rego package", quote(name));
        check.problem(
            policy.place,
            message,
            "write what follows `package` in the policy, such as `promotion.soak_time`",
        );
    }
}

fn check_environments(
    check: &mut Check<'_>,
    named: Option<Located<Vec<Located<String>>>>,
    policy: &str,
    environments: &[String],
) -> Vec<String> {
    let Some(named) = named else { return Vec::new() };
    if named.value.is_empty() {
        let message = format!("the rule for {} lists no environment", quote(policy));
        check.problem(named.place, message, "leave `environments` out to mean all of them");
    }
    let what = format!("the rule for {}", quote(policy));
    named.value.iter().for_each(|name| check.environment(&what, name, environments));
    named.value.into_iter().map(|name| name.value).collect()
}
