//! Custom resources.

use std::collections::BTreeMap;

use super::super::super::error::quote;
use super::super::super::located::{Located, Place};
use super::super::super::raw::admission::parts::{RawChart, RawCustomResource};
use super::super::Check;
use super::patterns;
use crate::admission::settings::{ChartPointers, CustomResource};

/// Groups of Kubernetes itself that have pods: the shape of their kinds is known.
const BUILT_IN_GROUPS: [&str; 4] = ["", "apps", "batch", "extensions"];

/// No object is nested deeper, in keys.
const DEEPEST_POINTER: usize = 100;
const LONGEST_POINTER: usize = 1000;

type Pointers = Option<Located<Vec<Located<String>>>>;

pub(super) fn check(check: &mut Check<'_>, list: Located<Vec<Located<RawCustomResource>>>) -> Vec<CustomResource> {
    check.bound("resources", list.place, list.value.len());
    let mut seen = BTreeMap::new();
    list.value.into_iter().map(|resource| convert(check, resource, &mut seen)).collect()
}

fn convert(
    check: &mut Check<'_>,
    written: Located<RawCustomResource>,
    seen: &mut BTreeMap<(String, String), Place>,
) -> CustomResource {
    let RawCustomResource { group, kind, pod_templates, images, charts } = written.value;
    names(check, &group, &kind);
    if let Some(Place { line, .. }) = seen.insert((group.value.clone(), kind.value.clone()), kind.place) {
        let message = format!("{} of {} is listed twice", quote(&kind.value), quote(&group.value));
        check.problem(kind.place, message, format!("put it together with the one on line {line}"));
    }
    if pod_templates.is_none() && images.is_none() && charts.is_none() {
        let message = format!("the resource {} does not say where its images are", quote(&kind.value));
        check.problem(written.place, message, "add `pod_templates`, `images` or `charts`");
    }
    if let Some(charts) = charts.as_ref().filter(|charts| charts.value.is_empty()) {
        check.problem(charts.place, "`charts` is empty", "leave it out");
    }
    let charts = charts.map(|charts| charts.value).unwrap_or_default();
    CustomResource {
        group: group.value,
        kind: kind.value,
        pod_templates: pointers(check, "pod_templates", pod_templates),
        images: pointers(check, "images", images),
        charts: charts.into_iter().map(|chart| self::chart(check, chart.value)).collect(),
    }
}

fn names(check: &mut Check<'_>, group: &Located<String>, kind: &Located<String>) {
    if BUILT_IN_GROUPS.contains(&group.value.as_str()) {
        let message = format!("the group {} is of Kubernetes itself, whose kinds are known", quote(&group.value));
        check.problem(group.place, message, "leave it out; `resources` is for custom resources");
    } else if !patterns::is_domain(&group.value) {
        let message = format!("{} is not an API group", quote(&group.value));
        check.problem(group.place, message, "write what is before the slash in `apiVersion`, such as `argoproj.io`");
    }
    let is_kind = kind.value.len() <= 63 && kind.value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_kind || !kind.value.starts_with(|first: char| first.is_ascii_alphabetic()) {
        let message = format!("{} is not a kind", quote(&kind.value));
        check.problem(kind.place, message, "write it as in manifests, such as `Rollout`");
    }
}

fn pointers(check: &mut Check<'_>, key: &str, list: Pointers) -> Vec<String> {
    let Some(list) = list else { return Vec::new() };
    if list.value.is_empty() {
        check.problem(list.place, format!("{} is empty", quote(key)), "leave it out");
    }
    check.bound(key, list.place, list.value.len());
    let is_whole = |text: &Located<String>| key == "pod_templates" && text.value.is_empty();
    // The whole object can be a template: a revision of Knative has a pod's `spec`.
    list.value.into_iter().map(|text| if is_whole(&text) { text.value } else { pointer(check, text) }).collect()
}

fn pointer(check: &mut Check<'_>, text: Located<String>) -> String {
    let keys = text.value.split('/').skip(1);
    let right = text.value.starts_with('/')
        && text.value.len() <= LONGEST_POINTER
        && keys.clone().count() <= DEEPEST_POINTER
        && keys.clone().all(is_key);
    if !right {
        let message = format!("{} is not a JSON pointer", quote(&text.value));
        let hint = "write it as `/spec/template` or `/spec/jobs/*/template`; a `/` in a key is `~1`, a `~` is `~0`";
        check.problem(text.place, message, hint);
    }
    text.value
}

/// A star is a key of its own.
fn is_key(key: &str) -> bool {
    let escapes = key.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    escapes && !key.is_empty() && (key == "*" || !key.contains('*'))
}

fn chart(check: &mut Check<'_>, raw: RawChart) -> ChartPointers {
    let repository = raw.repository.value.clone();
    let mut beside = |text: Located<String>| {
        let stars = text.value.rfind("/*").and_then(|last| text.value.get(..last.saturating_add(2)));
        // Otherwise the parts of one chart would be looked for in another.
        if stars.is_some_and(|stars| !repository.starts_with(stars)) {
            let message = format!("{} has stars where {} has none", quote(&text.value), quote(&repository));
            check.problem(text.place, message, "begin both alike, up to the last star");
        }
        pointer(check, text)
    };
    let (name, digest) = (raw.name.map(&mut beside), beside(raw.digest));
    ChartPointers { repository: pointer(check, raw.repository), name, digest }
}
