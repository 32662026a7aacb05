//! From the raw form to [`Config`]: stage two of two.

mod admission;
mod environments;
mod github_app;
mod plugins;
mod policies;
mod rules;
mod server;
mod sources;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) use sources::is_loopback;

use super::error::{MOST_PROBLEMS, Problem, quote, suggest};
use super::located::{Located, Place};
use super::raw::{RawConfig, RawLimits, RawOverrideLimits, RawWhenNoRuleApplies};
use super::{
    Config, DEFAULT_EVALUATION_TIMEOUT, DEFAULT_LONGEST_OVERRIDE, DEFAULT_RULE_TIMEOUT, OverrideConfig, duration, size,
    yaml,
};
use crate::domain::verdict::Verdict;

/// The longest timeout. Whoever waits longer has stopped waiting.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(1);

/// How many sources, environments and rules there may be, each.
const MOST_ENTRIES: usize = 1000;

/// Checks everything, and says everything that is wrong.
pub(crate) fn validate(raw: RawConfig, path: &Path) -> Result<Config, Vec<Problem>> {
    let mut check = Check { folder: path.parent().unwrap_or(Path::new("")), problems: Vec::new() };
    check.problems.extend(yaml::check_version(&raw.version).err());
    check.bound("sources", raw.sources.place, raw.sources.value.len());
    check.bound("environments", raw.environments.place, raw.environments.value.len());
    if let Some(rules) = &raw.rules {
        check.bound("rules", rules.place, rules.value.len());
    }
    if !check.problems.is_empty() {
        return Err(check.problems);
    }
    let source_names = sources::names(&raw.sources.value);
    let sources = sources::check(&mut check, raw.sources);
    let environment_names = environments::names(&raw.environments.value);
    let environments = environments::check(&mut check, raw.environments, &source_names);
    let policies = policies::check(&mut check, raw.policies.unwrap_or_default());
    let (rule_timeout, evaluation_timeout) = limits(&mut check, raw.limits.unwrap_or_default());
    let plugin_names = raw.plugins.as_ref().map(plugins::names).unwrap_or_default();
    let timeouts = plugins::Timeouts { rule: rule_timeout, evaluation: evaluation_timeout };
    let plugins = plugins::check(&mut check, raw.plugins, timeouts);
    let known = rules::Known { environments: &environment_names, plugins: &plugin_names, path };
    let rules = rules::check(&mut check, raw.rules, known, raw.when_no_rule_applies);
    let overrides = overrides(&mut check, raw.overrides, raw.override_limits.unwrap_or_default());
    let server = server::check(&mut check, raw.server);
    let admission = raw.admission.map(|raw| admission::check(&mut check, raw, &environment_names));
    let github_app = raw.github_app.and_then(|raw| github_app::check(&mut check, raw, &environment_names, &server));
    let when_no_rule_applies = match raw.when_no_rule_applies {
        None | Some(RawWhenNoRuleApplies::Undecided) => Verdict::Undecided,
        Some(RawWhenNoRuleApplies::Allow) => Verdict::Allow,
    };
    match environments {
        Some(environments) if check.problems.is_empty() => Ok(Config {
            path: path.to_owned(),
            sources,
            environments,
            policies,
            plugins,
            rules,
            when_no_rule_applies,
            overrides,
            rule_timeout,
            evaluation_timeout,
            server,
            admission,
            github_app,
        }),
        _ => Err(check.problems),
    }
}

fn overrides(
    check: &mut Check<'_>,
    paths: Option<Located<Vec<Located<String>>>>,
    limits: RawOverrideLimits,
) -> OverrideConfig {
    if let Some(paths) = &paths {
        check.bound("overrides", paths.place, paths.value.len());
    }
    let paths = paths.map(|paths| paths.value).unwrap_or_default();
    let paths = paths.into_iter().map(|path| check.path("overrides", path)).collect();
    let longest = limits.longest;
    let longest =
        longest.unwrap_or_else(|| Located { value: DEFAULT_LONGEST_OVERRIDE.to_owned(), place: Place::default() });
    OverrideConfig {
        paths,
        longest: check.duration("longest", &longest).unwrap_or_default(),
        require_ticket: limits.require_ticket.unwrap_or_default(),
    }
}

fn limits(check: &mut Check<'_>, raw: RawLimits) -> (Duration, Duration) {
    let place = raw.rule_timeout.as_ref().or(raw.evaluation_timeout.as_ref()).map(|timeout| timeout.place);
    let rule = check.timeout("rule_timeout", raw.rule_timeout, DEFAULT_RULE_TIMEOUT);
    let evaluation = check.timeout("evaluation_timeout", raw.evaluation_timeout, DEFAULT_EVALUATION_TIMEOUT);
    if let (Some(rule), Some(evaluation), Some(place)) = (rule, evaluation, place)
        && rule > evaluation
    {
        let message = format!("`rule_timeout` ({rule:?}) is longer than `evaluation_timeout` ({evaluation:?})");
        check
            .problems
            .push(Problem::new(place, message).hint("the evaluation of all rules cannot be shorter than one"));
    }
    (rule.unwrap_or_default(), evaluation.unwrap_or_default())
}

/// What the checks share: where paths begin, and the problems so far.
struct Check<'a> {
    folder: &'a Path,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn push(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn problem(&mut self, place: Place, message: impl Into<String>, hint: impl Into<String>) {
        self.push(Problem::new(place, message).hint(hint));
    }

    /// Says which known name was probably meant. Nobody reads the suggestions that come after the last problem shown,
    /// and they are dear.
    fn suggest<'k>(&self, name: &str, known: impl IntoIterator<Item = &'k str>, what: &str) -> String {
        if self.problems.len() < MOST_PROBLEMS { suggest(name, known, what) } else { String::new() }
    }

    /// Bounds how many there are: looking for cycles and near names takes more than its share of time for each.
    fn bound(&mut self, key: &str, place: Place, count: usize) {
        if count > MOST_ENTRIES {
            let message = format!("{} has {count} entries, at most {MOST_ENTRIES}", quote(key));
            self.push(Problem::new(place, message).hint("split the configuration in several files").without_line());
        }
    }

    /// The value, if it is a name: not empty, on one line, without space around it.
    fn name(&mut self, what: &str, name: &Located<String>) {
        let text = &name.value;
        if text.is_empty() {
            self.problem(name.place, format!("{what} is empty"), "write a name");
        } else if text.trim() != text || text.chars().any(char::is_control) {
            let message = format!("{what} {} has space around it or control characters", quote(text));
            self.problem(name.place, message, "write it without");
        }
    }

    /// Text that may be left out, but not be empty.
    fn text(&mut self, key: &str, text: Option<Located<String>>) -> Option<String> {
        let text = text?;
        self.name(&quote(key), &text);
        Some(text.value)
    }

    /// The path, from the folder of the configuration.
    fn path(&mut self, key: &str, path: Located<String>) -> PathBuf {
        if path.value.is_empty() || path.value.contains('\0') {
            self.problem(path.place, format!("{} has a path that is empty or no path", quote(key)), "write a path");
        }
        self.folder.join(path.value)
    }

    /// A duration that is longer than nothing; `None` when it is not one.
    fn duration(&mut self, key: &str, text: &Located<String>) -> Option<Duration> {
        let error = match duration::parse(&text.value) {
            Ok(Duration::ZERO) => "is no time at all",
            Ok(duration) => return Some(duration),
            Err(error) => error,
        };
        let message = format!("{}: the duration {} {error}", quote(key), quote(&text.value));
        self.problem(text.place, message, "write it as `30s`, `90m`, `24h`, `7d` or `1h30m`");
        None
    }

    /// A timeout, or its default; `None` when it is not one.
    fn timeout(&mut self, key: &str, text: Option<Located<String>>, default: &str) -> Option<Duration> {
        let text = text.unwrap_or_else(|| Located { value: default.to_owned(), place: Place::default() });
        self.at_most_an_hour(key, &text)
    }

    /// A duration that somebody waits for; `None` when it is not one.
    fn at_most_an_hour(&mut self, key: &str, text: &Located<String>) -> Option<Duration> {
        let timeout = self.duration(key, text)?;
        if timeout > LONGEST_TIMEOUT {
            let message = format!("{}: the timeout {} is longer than an hour", quote(key), quote(&text.value));
            self.problem(text.place, message, "write at most `1h`");
            return None;
        }
        Some(timeout)
    }

    /// A size in bytes within these bounds; `None` when it is not one.
    fn size(&mut self, key: &str, text: &Located<String>, bounds: &RangeInclusive<u64>, hint: &str) -> Option<u64> {
        let why = match size::parse(&text.value) {
            Ok(bytes) if bounds.contains(&bytes) => return Some(bytes),
            Ok(_) => "is too small or too large",
            Err(error) => error,
        };
        self.problem(text.place, format!("{}: the size {} {why}", quote(key), quote(&text.value)), hint);
        None
    }

    /// The name, if there is an environment that has it. `what` is what names it.
    fn environment(&mut self, what: &str, name: &Located<String>, environments: &[String]) {
        if !environments.contains(&name.value) {
            let message = format!("{what} names the environment {}, which is not defined", quote(&name.value));
            let hint = self.suggest(&name.value, environments.iter().map(String::as_str), "the environments");
            self.problem(name.place, message, hint);
        }
    }
}
