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

/// Why an override does not apply.
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) problem: Problem,
}

type Checked<T> = Result<T, Refusal>;

/// Checks all but the time, which is for each decision to hold against the clock. `id` is for one that names none.
pub(super) fn check(raw: &RawOverride, id: String, path: &Path, require_ticket: bool) -> Checked<Override> {
    let missing = |key: &str, example: &str| {
        // Where the first key is written is where the override begins.
        let message = format!("missing key {} in {}", quote(key), quote(&id));
        malformed(begins(raw), message, format!("add `{key}: {example}`"))
    };
    let version = raw.version.as_ref().ok_or_else(|| missing("version", "1"))?;
    yaml::check_version(version).map_err(refusal)?;
    let digest = raw.digest.as_ref().ok_or_else(|| missing("digest", "sha256:…"))?;
    let environment = raw.environment.as_ref().ok_or_else(|| missing("environment", "production"))?;
    let rules = raw.rules.as_ref().ok_or_else(|| missing("rules", "[promotion.soak_time]"))?;
    let reason = raw.reason.as_ref().ok_or_else(|| missing("reason", "\"why it may pass\""))?;
    let actor = raw.actor.as_ref().ok_or_else(|| missing("actor", "alice"))?;
    let expires_at = raw.expires_at.as_ref().ok_or_else(|| missing("expires_at", "2026-11-20T18:00:00Z"))?;
    if require_ticket && raw.ticket.is_none() {
        return Err(missing("ticket", "OPS-123"));
    }
    let (created_at, expires_at) = (raw.created_at.as_ref().map(instant).transpose()?, ends(expires_at)?);
    Ok(Override {
        digest: one_digest(digest)?,
        environment: name("environment", environment)?,
        rules: named_rules(rules)?,
        reason: text("reason", reason, LONGEST_REASON)?,
        actor: name("actor", actor)?,
        ticket: raw.ticket.as_ref().map(|ticket| name("ticket", ticket)).transpose()?,
        created_at: before(created_at, expires_at.value)?,
        expires_at: expires_at.value,
        location: super::location(path, begins(raw).line),
        id: raw.id.as_ref().map(|id| name("id", id)).transpose()?.unwrap_or(id),
    })
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

fn named_rules(rules: &Located<Vec<Located<String>>>) -> Checked<Vec<String>> {
    if rules.value.is_empty() || rules.value.len() > MOST_RULES {
        let message = format!("`rules` has {} entries; 1 to {MOST_RULES} are allowed", rules.value.len());
        return Err(malformed(rules.place, message, "name the rules that may be passed over"));
    }
    rules.value.iter().map(|rule| name("rules", rule)).collect()
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

fn before(created_at: Option<Located<Timestamp>>, expires_at: Timestamp) -> Checked<Option<Timestamp>> {
    match created_at {
        Some(created_at) if created_at.value >= expires_at => {
            let message = format!("`created_at` {} is not before `expires_at`", created_at.value);
            Err(malformed(created_at.place, message, "correct one of the two"))
        }
        created_at => Ok(created_at.map(|created_at| created_at.value)),
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
