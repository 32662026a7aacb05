//! What artifacts' references are made of, and where their digests are.

use super::super::super::error::quote;
use super::super::super::located::Located;
use super::super::super::raw::github_app::{DEFAULT_ARTIFACT, RawLookup};
use super::super::Check;
use super::default;
use crate::domain::repository::SCHEME;
use crate::github::lookup::{Earlier, Lookup};
use crate::github::template::{FIELDS, Template};

/// Templates of one configuration. A list in a payload is for more.
const MOST: usize = 64;

pub(super) fn all(
    check: &mut Check<'_>,
    one: Option<Located<String>>,
    several: Option<Located<Vec<Located<String>>>>,
    lookup: Option<&Lookup>,
) -> Vec<Template> {
    let texts = match (one, several) {
        (None, Some(several)) => {
            if !(1..=MOST).contains(&several.value.len()) {
                let message = format!("`artifacts` has {} texts", several.value.len());
                check.problem(several.place, message, format!("write 1 to {MOST}"));
            }
            several.value
        }
        (Some(_), Some(several)) => {
            check.problem(several.place, "`github_app` has both `artifact` and `artifacts`", "leave one of them out");
            return Vec::new();
        }
        (one, None) => vec![one.unwrap_or_else(|| default(DEFAULT_ARTIFACT))],
    };
    let by_tag = matches!(lookup, Some(Lookup::Tag(_)));
    let read = |text: &Located<String>| {
        let template = template(check, "artifact", text)?;
        if by_tag && !is_name(&template, &text.value) {
            let message = format!("`artifact`: {} is no name of an image, for `lookup.tag`", quote(&text.value));
            let hint = "begin with the registry, and leave out tag, digest and payload: `ghcr.io/{repository}`";
            check.problem(text.place, message, hint);
        }
        Some(template)
    };
    texts.iter().filter_map(read).collect()
}

/// Whether it makes names of images at one registry, whoever deploys: nobody else says which is asked.
fn is_name<'a>(template: &'a Template, text: &'a str) -> bool {
    let bare = |text: &'a str| text.strip_prefix(SCHEME).unwrap_or(text);
    let registry = bare(template.beginning()).split_once('/').map_or("", |(registry, _name)| registry);
    let name = bare(text).get(registry.len()..).unwrap_or_default();
    !registry.is_empty() && !template.has_payload() && !name.contains([':', '@'])
}

pub(super) fn lookup(check: &mut Check<'_>, raw: Located<RawLookup>) -> Option<Lookup> {
    let Located { value: raw, place } = raw;
    match (raw.environment, raw.tag) {
        (Some(environment), None) => {
            check.name("the environment of `lookup`", &environment);
            let task = check.text("task", raw.task);
            Some(Lookup::Earlier(Earlier { environment: environment.value, task }))
        }
        (None, Some(text)) => {
            if let Some(task) = raw.task {
                check.problem(task.place, "`task` does not go with `tag`", "leave it out");
            }
            let tag = template(check, "tag", &text)?;
            if !tag.has_commit() || tag.has_payload() {
                let message = format!("`tag`: {} does not name the commit alone", quote(&text.value));
                check.problem(text.place, message, "write text with `{sha}`, such as `sha-{sha}`");
            }
            Some(Lookup::Tag(tag))
        }
        (environment, _) => {
            let what = if environment.is_some() { "both" } else { "neither" };
            let message = format!("`lookup` has {what} of `environment` and `tag`");
            check.problem(place, message, "say where the digest is: in a deployment, or at the registry");
            None
        }
    }
}

pub(super) fn deployment_name(
    check: &mut Check<'_>,
    text: &Located<String>,
    artifacts: &[Template],
) -> Option<Template> {
    let template = template(check, "deployment_name", text)?;
    if template.list().is_some() && artifacts.iter().any(|artifact| artifact.list() != template.list()) {
        let message = "`deployment_name` has `*` for a list that `artifact` is not about";
        check.problem(text.place, message, "name the same list in both");
    }
    Some(template)
}

fn template(check: &mut Check<'_>, key: &str, text: &Located<String>) -> Option<Template> {
    match text.value.parse() {
        Ok(template) => Some(template),
        Err(error) => {
            let message = format!("{}: {} {error}", quote(key), quote(&text.value));
            check.problem(text.place, message, format!("write text with {FIELDS}"));
            None
        }
    }
}
