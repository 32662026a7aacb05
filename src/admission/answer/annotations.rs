//! Audit annotations: what the audit log of the API server keeps of an answer.

use std::collections::{BTreeMap, BTreeSet};

use super::{Conclusion, Facts, JudgedImage, Outcome, phrase};
use crate::admission::settings::Mode;
use crate::domain::instant::instant;
use crate::domain::text::{cut, line};

/// The key of the verdict.
pub(super) const VERDICT: &str = "verdict";
/// The most characters of a value.
const LONGEST: usize = 1_000;

/// Everything that the audit log should have.
pub(super) fn of(conclusion: &Conclusion, facts: &Facts) -> BTreeMap<&'static str, String> {
    let mut annotations = BTreeMap::new();
    let mut add = |key, value: Option<String>| {
        let value = value.map(|value| cut(&line(&value, LONGEST), LONGEST)).filter(|value| !value.is_empty());
        annotations.extend(value.map(|value| (key, value)));
    };
    add(VERDICT, conclusion.verdict().map(|verdict| verdict.to_string()));
    add("mode", Some(mode(facts.mode).to_owned()));
    add("environment", facts.environment.clone());
    add("snapshot-age", facts.snapshot_age.map(|age| format!("{}s", age.as_secs())));
    match conclusion {
        Conclusion::Passes { reason } => add("reason", Some(reason.clone())),
        Conclusion::Exempt { reason } => add("reason", Some(format!("exempt: {reason}"))),
        Conclusion::Unmapped { message, .. } => add("reason", Some(format!("unmapped: {message}"))),
        Conclusion::Unknown { message } => add("reason", Some(format!("not understood: {message}"))),
        Conclusion::Judged(images) => {
            add("decision", Some(each(images, decisions)));
            add("reason", Some(each(images, codes)));
            add("override", Some(each(images, overrides)));
            add("readmitted", Some(each(images, readmitted)));
            add("ignored", Some(each(images, ignored)));
        }
    }
    annotations
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Warn => "warn",
        Mode::Audit => "audit",
    }
}

/// What all artifacts have to say, each thing once.
fn each(images: &[JudgedImage], texts: impl Fn(&JudgedImage) -> Vec<String>) -> String {
    let texts: BTreeSet<String> = images.iter().flat_map(texts).collect();
    texts.into_iter().collect::<Vec<_>>().join(", ")
}

fn decisions(image: &JudgedImage) -> Vec<String> {
    image.outcome.decision().map(|decision| decision.id.clone()).into_iter().collect()
}

fn codes(image: &JudgedImage) -> Vec<String> {
    phrase::objections(&image.outcome).into_iter().map(|objection| objection.code.to_owned()).collect()
}

fn overrides(image: &JudgedImage) -> Vec<String> {
    let reports = image.outcome.decision().into_iter().flat_map(|decision| &decision.overrides);
    reports.filter(|report| report.used).map(|report| report.exception.id.clone()).collect()
}

fn readmitted(image: &JudgedImage) -> Vec<String> {
    let Outcome::Readmitted { last_allowed, .. } = &image.outcome else { return Vec::new() };
    vec![format!("{} last allowed {}", phrase::short(&image.image.reference), instant(*last_allowed))]
}

fn ignored(image: &JudgedImage) -> Vec<String> {
    let Outcome::Ignored { reason } = &image.outcome else { return Vec::new() };
    vec![format!("{} ({reason})", phrase::short(&image.image.reference))]
}
