//! From an override as it is written to one that is well formed.

use std::path::Path;

use jiff::Timestamp;

use super::super::error::{Problem, quote};
use super::super::located::{Located, Place};
use super::super::yaml;
use super::raw::RawOverride;
use crate::domain::digest::Digest;
use crate::domain::overrides::Override;

/// The longest id, environment, rule, actor or ticket, in bytes.
const LONGEST_NAME: usize = 256;
/// The longest reason, in bytes.
const LONGEST_REASON: usize = 4096;
const MOST_RULES: usize = 100;
/// The most that is said of one override.
const MOST_REFUSALS: usize = 10;

/// Why an override does not apply.
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) problem: Problem,
}

type Checked<T> = Result<T, Refusal>;

/// Everything that is wrong with one override.
#[derive(Default)]
struct Refusals(Vec<Refusal>);

impl Refusals {
    /// The value, unless something is wrong with it.
    fn take<T>(&mut self, checked: Checked<T>) -> Option<T> {
        checked.map_err(|refusal| self.0.push(refusal)).ok()
    }
}

/// Checks all but the time, which is for each decision to hold against the clock. `id` is for one that names none.
///
/// # Errors
/// What is wrong, at most [`MOST_REFUSALS`]; of another version only that, since its keys may mean something else.
pub(super) fn check(
    raw: &RawOverride,
    id: String,
    path: &Path,
    require_ticket: bool,
) -> Result<Override, Vec<Refusal>> {
    let name_of_it = id.clone();
    let missing = |key: &str, example: &str| {
        // Where the first key is written is where the override begins.
        let message = format!("missing key {} in {}", quote(key), quote(&name_of_it));
        malformed(begins(raw), message, format!("add `{key}: {example}`"))
    };
    let required = |text: &'_ Option<Located<String>>, key, example| text.clone().ok_or_else(|| missing(key, example));
    let mut refusals = Refusals::default();
    match &raw.version {
        Some(version) => yaml::check_version(version).map_err(|problem| vec![refusal(problem)])?,
        None => drop(refusals.take::<()>(Err(missing("version", "1")))),
    }
    let digest = refusals.take(required(&raw.digest, "digest", "sha256:…").and_then(|digest| one_digest(&digest)));
    let environment = required(&raw.environment, "environment", "production");
    let environment = refusals.take(environment.and_then(|environment| name("environment", &environment)));
    let rules = raw.rules.as_ref().ok_or_else(|| vec![missing("rules", "[promotion.soak_time]")]);
    let rules = rules.and_then(named_rules).map_err(|found| refusals.0.extend(found)).ok();
    let reason = required(&raw.reason, "reason", "\"why it may pass\"");
    let reason = refusals.take(reason.and_then(|reason| text("reason", &reason, LONGEST_REASON)));
    let actor = refusals.take(required(&raw.actor, "actor", "alice").and_then(|actor| name("actor", &actor)));
    let ticket =
        if require_ticket { Some(required(&raw.ticket, "ticket", "OPS-123")) } else { raw.ticket.clone().map(Ok) };
    let ticket = refusals.take(ticket.map(|ticket| ticket.and_then(|ticket| name("ticket", &ticket))).transpose());
    let created_at = refusals.take(raw.created_at.as_ref().map(instant).transpose()).flatten();
    let expires_at = required(&raw.expires_at, "expires_at", "2026-11-20T18:00:00Z").and_then(|end| ends(&end));
    let expires_at = refusals.take(expires_at);
    let created_at = refusals.take(before(created_at, expires_at.as_ref())).flatten();
    let own_id = refusals.take(raw.id.as_ref().map(|id| name("id", id)).transpose()).flatten();
    match (digest, environment, rules, reason, actor, ticket, expires_at) {
        (Some(digest), Some(environment), Some(rules), Some(reason), Some(actor), Some(ticket), Some(expires_at))
            if refusals.0.is_empty() =>
        {
            Ok(Override {
                id: own_id.unwrap_or(id),
                digest,
                environment,
                rules,
                reason,
                actor,
                ticket,
                created_at,
                expires_at: expires_at.value,
                location: super::location(path, begins(raw).line),
            })
        }
        _ => {
            refusals.0.truncate(MOST_REFUSALS);
            Err(refusals.0)
        }
    }
}

fn begins(raw: &RawOverride) -> Place {
    let texts = [&raw.id, &raw.digest, &raw.environment, &raw.reason, &raw.actor, &raw.ticket];
    let places = texts.into_iter().chain([&raw.created_at, &raw.expires_at]).flatten().map(|text| text.place);
    let others = raw.version.iter().map(|version| version.place).chain(raw.rules.iter().map(|rules| rules.place));
    places.chain(others).min().unwrap_or(Place::START)
}

fn one_digest(digest: &Located<String>) -> Checked<Digest> {
    if digest.value.contains('*') {
        return Err(too_wide(digest, "`digest` is a pattern", "write the digest of the one artifact"));
    }
    digest.value.parse().map_err(|error| {
        let message = format!("`digest` {} is no digest: {error}", quote(&digest.value));
        malformed(digest.place, message, "write `sha256:` and 64 lower-case hexadecimal digits")
    })
}

fn named_rules(rules: &Located<Vec<Located<String>>>) -> Result<Vec<String>, Vec<Refusal>> {
    if rules.value.is_empty() || rules.value.len() > MOST_RULES {
        let message = format!("`rules` has {} entries; 1 to {MOST_RULES} are allowed", rules.value.len());
        return Err(vec![malformed(rules.place, message, "name the rules that may be passed over")]);
    }
    let mut refusals = Refusals::default();
    let names = rules.value.iter().filter_map(|rule| refusals.take(name("rules", rule))).collect();
    if refusals.0.is_empty() { Ok(names) } else { Err(refusals.0) }
}

/// Text on one line that stands for one thing and not for many.
fn name(key: &str, found: &Located<String>) -> Checked<String> {
    if matches!(key, "environment" | "rules") && found.value.contains('*') {
        let message = format!("{} holds the pattern {}", quote(key), quote(&found.value));
        return Err(too_wide(found, message, "name each one it is for"));
    }
    if found.value.trim() != found.value || found.value.chars().any(char::is_control) {
        let message = format!("{} {} has space around it or control characters", quote(key), quote(&found.value));
        return Err(malformed(found.place, message, "write it without"));
    }
    text(key, found, LONGEST_NAME)
}

fn text(key: &str, text: &Located<String>, longest: usize) -> Checked<String> {
    if text.value.trim().is_empty() {
        return Err(malformed(text.place, format!("{} is empty", quote(key)), "write what it is"));
    }
    if text.value.len() > longest {
        let message = format!("{} is longer than {longest} bytes", quote(key));
        return Err(malformed(text.place, message, "make it shorter"));
    }
    Ok(text.value.trim().to_owned())
}

fn instant(text: &Located<String>) -> Checked<Located<Timestamp>> {
    match text.value.parse() {
        Ok(value) => Ok(Located { value, place: text.place }),
        Err(_error) => {
            let message = format!("{} is no instant", quote(&text.value));
            Err(malformed(text.place, message, "write it with its zone, such as `2026-11-20T18:00:00Z`"))
        }
    }
}

/// An override without an end, or with one that nobody will live to see, is a change of the configuration.
fn ends(expires_at: &Located<String>) -> Checked<Located<Timestamp>> {
    if ["never", "none", "*"].contains(&expires_at.value.trim().to_ascii_lowercase().as_str()) {
        return Err(too_wide(expires_at, "`expires_at` is no end", "write an instant, or change the rule instead"));
    }
    instant(expires_at)
}

fn before(
    created_at: Option<Located<Timestamp>>,
    expires_at: Option<&Located<Timestamp>>,
) -> Checked<Option<Timestamp>> {
    match (created_at, expires_at) {
        (Some(created_at), Some(expires_at)) if created_at.value >= expires_at.value => {
            let message = format!("`created_at` {} is not before `expires_at`", created_at.value);
            Err(malformed(created_at.place, message, "correct one of the two"))
        }
        (created_at, _) => Ok(created_at.map(|created_at| created_at.value)),
    }
}

fn malformed(place: Place, message: impl Into<String>, hint: impl Into<String>) -> Refusal {
    refusal(Problem::new(place, message).hint(hint))
}

fn refusal(problem: Problem) -> Refusal {
    Refusal { code: "override_malformed", problem }
}

fn too_wide(found: &Located<String>, message: impl Into<String>, hint: &str) -> Refusal {
    Refusal { code: "override_too_wide", problem: Problem::new(found.place, message).hint(hint) }
}
