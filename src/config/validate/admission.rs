//! Admission.

mod patterns;
mod resources;
mod scopes;
mod workloads;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::super::DEFAULT_READMIT_MAX_AGE;
use super::super::duration;
use super::super::error::quote;
use super::super::located::{Located, Place};
use super::super::raw::admission::parts::RawProfile;
use super::super::raw::admission::{
    RawAdmission, RawMode, RawOnMissingRecord, RawOnSourceUnavailable, RawTags, RawUnmapped,
};
use super::Check;
use crate::admission::settings::{
    AdmissionSettings, Mode, NamePattern, OnMissingRecord, OnSourceUnavailable, Profile, Tags, Unmapped,
};

/// Longer ago, what was allowed says little of what would be.
const LONGEST_READMISSION: Duration = Duration::from_hours(30 * 24);

pub(super) fn check(check: &mut Check<'_>, raw: Located<RawAdmission>, environments: &[String]) -> AdmissionSettings {
    let Located { value: raw, place } = raw;
    let goes_nowhere = raw.workloads.as_ref().is_none_or(|list| list.value.is_empty());
    let exempt = raw.exempt_namespaces.map(|names| exempt_namespaces(check, names)).unwrap_or_default();
    let placement = raw.workloads.map(|list| workloads::check(check, list, environments, &exempt)).unwrap_or_default();
    let profiles = raw.profiles.map(|profiles| self::profiles(check, profiles, environments)).unwrap_or_default();
    if goes_nowhere && !profiles.values().any(|profile| profile.environment.is_some()) {
        let hint = "add `workloads: [{namespaces: [shop], environment: production}]`, or a profile with an environment";
        check.problem(place, "`admission` does not say where any workload goes", hint);
    }
    AdmissionSettings {
        mode: raw.mode.map_or(Mode::default(), mode),
        placement,
        unmapped: match raw.unmapped {
            None | Some(RawUnmapped::Deny) => Unmapped::Deny,
            Some(RawUnmapped::Allow) => Unmapped::Allow,
            Some(RawUnmapped::Warn) => Unmapped::Warn,
        },
        exempt_namespaces: exempt,
        ignored_images: raw.ignored_images.map(|list| scopes::check(check, list)).unwrap_or_default(),
        tags: match raw.tags {
            None | Some(RawTags::Deny) => Tags::Deny,
            Some(RawTags::Resolve) => Tags::Resolve,
        },
        resources: raw.resources.map(|list| resources::check(check, list)).unwrap_or_default(),
        on_missing_record: match raw.on_missing_record {
            None | Some(RawOnMissingRecord::Judge) => OnMissingRecord::Judge,
            Some(RawOnMissingRecord::Deny) => OnMissingRecord::Deny,
            Some(RawOnMissingRecord::Undecided) => OnMissingRecord::Undecided,
        },
        readmit_max_age: readmit_max_age(check, raw.readmit_max_age, raw.on_source_unavailable),
        on_source_unavailable: match raw.on_source_unavailable {
            None | Some(RawOnSourceUnavailable::Readmit) => OnSourceUnavailable::Readmit,
            Some(RawOnSourceUnavailable::Undecided) => OnSourceUnavailable::Undecided,
        },
        profiles,
    }
}

const fn mode(raw: RawMode) -> Mode {
    match raw {
        RawMode::Enforce => Mode::Enforce,
        RawMode::Warn => Mode::Warn,
        RawMode::Audit => Mode::Audit,
    }
}

fn exempt_namespaces(check: &mut Check<'_>, names: Located<Vec<Located<String>>>) -> Vec<NamePattern> {
    check.bound("exempt_namespaces", names.place, names.value.len());
    let (all, some): (Vec<_>, Vec<_>) = names.value.into_iter().partition(|name| name.value == "*");
    for name in all {
        let hint = "name those of the system, such as `kube-system`; to try the gate out, write `mode: warn`";
        check.problem(name.place, "`exempt_namespaces` exempts every namespace", hint);
    }
    some.into_iter().filter_map(|name| patterns::namespace(check, name)).collect()
}

fn readmit_max_age(
    check: &mut Check<'_>,
    text: Option<Located<String>>,
    on_source_unavailable: Option<RawOnSourceUnavailable>,
) -> Duration {
    if on_source_unavailable == Some(RawOnSourceUnavailable::Undecided) {
        if let Some(text) = text {
            let hint = "leave it out, or write `on_source_unavailable: readmit`";
            check.problem(text.place, "`readmit_max_age` means nothing with `on_source_unavailable: undecided`", hint);
        }
        return Duration::ZERO;
    }
    let text = text.unwrap_or_else(|| Located { value: DEFAULT_READMIT_MAX_AGE.to_owned(), place: Place::default() });
    // Here nothing is a duration: it turns readmission off.
    if duration::parse(&text.value) == Ok(Duration::ZERO) {
        return Duration::ZERO;
    }
    let age = check.duration("readmit_max_age", &text).unwrap_or_default();
    if age > LONGEST_READMISSION {
        let message = format!("`readmit_max_age`: {} is longer than 30 days", quote(&text.value));
        check.problem(text.place, message, "write at most `30d`; `24h` outlasts most outages");
    }
    age
}

fn profiles(
    check: &mut Check<'_>,
    profiles: Located<HashMap<Located<String>, Located<RawProfile>>>,
    environments: &[String],
) -> BTreeMap<String, Profile> {
    check.bound("profiles", profiles.place, profiles.value.len());
    let mut written: Vec<_> = profiles.value.into_iter().collect();
    written.sort_by_key(|(name, _)| name.place);
    written.into_iter().map(|(name, raw)| profile(check, name, raw, environments)).collect()
}

fn profile(
    check: &mut Check<'_>,
    name: Located<String>,
    raw: Located<RawProfile>,
    environments: &[String],
) -> (String, Profile) {
    if !patterns::is_label(&name.value) {
        let message = format!("the name of the profile {} cannot be a part of a path", quote(&name.value));
        check.problem(name.place, message, "use at most 63 lower-case letters, digits and hyphens");
    }
    let RawProfile { environment, deployment_name, mode } = raw.value;
    let what = format!("the profile {}", quote(&name.value));
    if environment.is_none() && deployment_name.is_none() && mode.is_none() {
        check.problem(raw.place, format!("{what} changes nothing"), "give it an `environment` or a `mode`");
    }
    if let Some(environment) = &environment {
        check.environment(&what, environment, environments);
    }
    let deployment_name = deployment_name.and_then(|text| workloads::text(check, "deployment_name", text));
    let environment = environment.map(|environment| environment.value);
    (name.value, Profile { environment, deployment_name, mode: mode.map(self::mode) })
}
